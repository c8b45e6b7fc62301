// Rules about the shape of a prompt.
#include <fmt/format.h>

#include <algorithm>

#include "prompts/lint/lint.h"
#include "prompts/template/python.h"

namespace llmops {
namespace {

void invalid(const LintSubject& subject, LintFindings& findings) {
  for (Diagnostic each : subject.problems)
    if (each.severity == Severity::error) findings.add(std::move(each));
}

void empty_message(const LintSubject& subject, LintFindings& findings) {
  if (subject.prompt == nullptr) return;
  const auto check = [&](const Value* content) {
    if (content != nullptr && content->is_string() && python::strip(*content->string()).empty())
      findings.add(content->mark(), "the message is empty", "expected a text",
                   "leave the message out");
  };
  check(subject.value.find("system"));
  check(subject.value.find("user"));
  if (const Value* messages = subject.value.find("messages");
      messages != nullptr && messages->is_list())
    for (const Value& message : *messages->list()) check(message.find("content"));
}

// OpenAI refuses such a request, other servers print blanks until they are cut off.
void json_unmentioned(const LintSubject& subject, LintFindings& findings) {
  if (subject.prompt == nullptr) return;
  const Value* type = subject.prompt->response_format.find("type");
  if (type == nullptr || type->string() == nullptr || *type->string() != "json_object") return;
  for (const MessageTemplate& message : subject.prompt->messages)
    for (const PartTemplate& part : message.parts)
      if (python::lower(part.content.resolved()).find("json") != std::string::npos) return;
  findings.add(subject.mark("response_format"),
               "`json_object` is asked for, and no message says so",
               "expected the word JSON in a message",
               "OpenAI refuses the request, and other servers may never stop");
}

}  // namespace

extern const LintRule kPromptInvalid, kEmptyMessage, kJsonUnmentioned;

const LintRule kPromptInvalid{"prompt-invalid", Severity::error,
                              "the file can be loaded: syntax, keys, kinds, templates, includes",
                              &invalid};
const LintRule kEmptyMessage{"empty-message", Severity::warning, "no message is empty",
                             &empty_message};
const LintRule kJsonUnmentioned{"json-unmentioned", Severity::warning,
                                "a prompt that asks for `json_object` mentions JSON",
                                &json_unmentioned};

}  // namespace llmops
