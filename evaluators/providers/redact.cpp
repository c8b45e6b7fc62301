#include "evaluators/providers/redact.h"

namespace llmops {
namespace {

constexpr std::string_view kHidden = "[key]";
// Local servers are given keys such as "EMPTY" or "x", which are words of answers and no secret.
constexpr std::size_t kShortestSecret = 8;

void replace_all(std::string& text, std::string_view secret) {
  for (std::size_t at = text.find(secret); at != std::string::npos;
       at = text.find(secret, at + kHidden.size()))
    text.replace(at, secret.size(), kHidden);
}

void redact(Value& value, std::string_view secret) {
  if (std::string* text = value.string()) {
    replace_all(*text, secret);
  } else if (List* items = value.list()) {
    for (Value& item : *items) redact(item, secret);
  } else if (Object* members = value.object()) {
    for (Member& member : *members) {
      replace_all(member.key, secret);
      redact(member.value, secret);
    }
  }
}

}  // namespace

void redact(Sample& sample, std::string_view secret) {
  if (secret.size() < kShortestSecret) return;
  for (std::string* text : {&sample.text, &sample.reasoning, &sample.finish_reason, &sample.model,
                            &sample.error.message})
    replace_all(*text, secret);
  redact(sample.tool_calls, secret);
  redact(sample.logprobs, secret);
}

void redact(std::string& text, std::string_view secret) {
  if (secret.size() >= kShortestSecret) replace_all(text, secret);
}

}  // namespace llmops
