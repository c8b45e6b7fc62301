// The part of a prompt that every request pays for.
#include <fmt/format.h>

#include "prompts/lint/lint.h"
#include "prompts/template/parser.h"
#include "prompts/tokens/token_counter.h"

namespace llmops {
namespace {

// The fixed text: every branch, and the body of a loop once.
void append_text(const jinja::Body& body, std::string& text) {
  for (const jinja::Statement& statement : body) {
    text += statement.text;
    for (const jinja::Body& inner : statement.bodies) append_text(inner, text);
  }
}

void over_budget(const LintSubject& subject, LintFindings& findings) {
  if (subject.prompt == nullptr || subject.options.token_budget == 0) return;
  const TokenCounter& counter =
      subject.options.counter != nullptr ? *subject.options.counter : token_estimate();
  std::size_t tokens = 0;
  for (const MessageTemplate& message : subject.prompt->messages) {
    for (const PartTemplate& part : message.parts) {
      std::string text;
      append_text(part.content.parsed().body, text);
      tokens += counter.count(text);
    }
  }
  if (tokens <= subject.options.token_budget) return;
  const std::string_view key = subject.value.find("system") != nullptr     ? "system"
                               : subject.value.find("messages") != nullptr ? "messages"
                                                                           : "user";
  findings.add(
      subject.mark(key),
      fmt::format("the fixed text has {}{} tokens", counter.estimated() ? "about " : "", tokens),
      fmt::format("expected at most {}", subject.options.token_budget),
      fmt::format("counted with: {}", counter.name()));
}

}  // namespace

extern const LintRule kTokenBudget;

const LintRule kTokenBudget{"token-budget", Severity::warning,
                            "the fixed text stays within the token budget", &over_budget};

}  // namespace llmops
