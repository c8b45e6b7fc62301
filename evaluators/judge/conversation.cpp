#include "evaluators/judge/conversation.h"

#include <fmt/format.h>

namespace llmops {
namespace {

// The text of a message's content: a text, or a list of parts.
std::string content_of(const Value& message) {
  const Value* content = message.find("content");
  if (content == nullptr) content = message.find("value");  // ShareGPT
  if (content == nullptr || content->is_null()) return "";
  if (!content->is_list()) return to_text(*content);
  std::string text;
  for (const Value& part : *content->list())
    if (const Value* own = part.find("text")) text += (text.empty() ? "" : "\n") + to_text(*own);
  return text;
}

std::string role_of(const Value& message) {
  const Value* role = message.find("role");
  if (role == nullptr) role = message.find("from");
  const std::string name = role == nullptr ? "" : to_text(*role);
  if (name == "human") return "user";
  if (name == "gpt") return "assistant";
  return name;
}

}  // namespace

Result<std::string> earlier_turns(const Case& row, const std::string& column) {
  const Value* found = find_path(row.variables, column);
  if (found == nullptr || !found->is_list() || found->list()->empty())
    return problem(fmt::format("the case has no list of turns in `{}`", column));
  std::string text;
  std::size_t number = 0;
  for (const Value& turn : *found->list()) {
    const bool message = turn.is_object();
    std::string role = message ? role_of(turn) : "";
    if (role.empty()) role = number % 2 == 0 ? "user" : "assistant";
    text += fmt::format("{}{}: {}", number == 0 ? "" : "\n\n", role,
                        message ? content_of(turn) : to_text(turn));
    ++number;
  }
  return text;
}

}  // namespace llmops
