#include "evaluators/judge/case_input.h"

#include <algorithm>

#include "datasets/text/hash.h"

namespace llmops {
namespace {

constexpr std::string_view kUsual[] = {"question", "input", "query", "instruction",
                                       "prompt",   "task",  "text"};

bool is_reference(const Case& row, const std::string& text) {
  return std::ranges::find(row.references, text) != row.references.end();
}

}  // namespace

CaseInput CaseInput::read(Fields& fields) {
  CaseInput input;
  const Value* given = fields.value("input");
  if (given == nullptr) return input;
  const std::string* text = given->string();
  if (text == nullptr) {
    fields.error(fields.mark("input"), "`input` is no text",
                 "expected a template over the case's variables, such as \"{{ question }}\"");
    return input;
  }
  Result<Template> compiled = Template::compile(*text, fields.source(), given->mark());
  if (compiled)
    input.template_ = *std::move(compiled);
  else
    append(fields.problems(), compiled.problems());
  return input;
}

Result<std::string> CaseInput::of(const Case& row) const {
  if (template_) return template_->render({&row.variables});
  for (const std::string_view name : kUsual) {
    const Value* found = row.variables.find(name);
    if (found == nullptr || found->is_null()) continue;
    std::string text = to_text(*found);
    if (const Value* more = row.variables.find("passage"); more != nullptr && more != found)
      text = to_text(*more) + "\n\n" + text;
    return text;
  }
  std::string all;
  for (const Member& member : row.variables) {
    const std::string text = to_text(member.value);
    if (member.value.is_null() || is_reference(row, text)) continue;
    if (!all.empty()) all += '\n';
    all += member.key + ": " + text;
  }
  return all;
}

std::string CaseInput::signature() const {
  return template_ ? sha256(template_->resolved()).substr(0, 8) : "usual";
}

}  // namespace llmops
