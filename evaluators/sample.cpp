#include "evaluators/sample.h"

#include <array>

namespace llmops {
namespace {

constexpr std::array<std::string_view, 30> kNames = {
    "none",
    "resolve",
    "connect",
    "tls",
    "timeout_connect",
    "timeout_first_token",
    "timeout_between_tokens",
    "timeout_total",
    "reset",
    "truncated",
    "bad_json",
    "empty_choices",
    "wrong_content_type",
    "too_large",
    "bad_request",
    "auth",
    "not_found",
    "too_long",
    "content_filter",
    "quota",
    "rate_limited",
    "conflict",
    "server_error",
    "overloaded",
    "error_in_stream",
    "no_recording",
    "program_failed",
    "cancelled",
    "budget",
    "other",
};
static_assert(kNames.size() == static_cast<std::size_t>(ErrorClass::other) + 1);

}  // namespace

std::string_view name(ErrorClass error) { return kNames[static_cast<std::size_t>(error)]; }

std::optional<ErrorClass> error_class(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i)
    if (kNames[i] == name) return static_cast<ErrorClass>(i);
  return std::nullopt;
}

std::vector<std::string> passages_of(const Value& given) {
  std::vector<std::string> passages;
  const auto add = [&](const Value& passage) {
    for (const std::string_view key : {"text", "content", "page_content"})
      if (const Value* text = passage.find(key); text != nullptr && text->is_string()) {
        passages.push_back(*text->string());
        return;
      }
    if (!passage.is_null()) passages.push_back(to_text(passage));
  };
  if (const List* list = given.list())
    for (const Value& passage : *list) add(passage);
  else
    add(given);
  return passages;
}

}  // namespace llmops
