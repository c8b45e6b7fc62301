// Rules about the variables of templates and the columns of the dataset.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "datasets/text/utf8.h"
#include "prompts/lint/lint.h"

namespace llmops {
namespace {

constexpr std::array<std::string_view, 3> kOfTheCase = {"id", "references", "context"};

bool holds(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

template <typename Visit>
void each_variable(const Prompt& prompt, Visit visit) {
  for (const MessageTemplate& message : prompt.messages)
    for (const PartTemplate& part : message.parts)
      for (TemplateVariable& variable : part.content.uses()) visit(std::move(variable));
}

void undefined(const LintSubject& subject, LintFindings& findings) {
  if (subject.prompt == nullptr || !subject.options.columns) return;
  const std::vector<std::string>& columns = *subject.options.columns;
  std::vector<std::string_view> known(columns.begin(), columns.end());
  for (const Member& member : subject.prompt->variables) known.push_back(member.key);
  each_variable(*subject.prompt, [&](TemplateVariable variable) {
    if (variable.optional || std::ranges::find(known, variable.name) != known.end() ||
        std::ranges::find(kOfTheCase, variable.name) != kOfTheCase.end())
      return;
    Diagnostic found = std::move(variable.place);
    found.what = fmt::format("`{}` is no column of the dataset and has no default", variable.name);
    found.expected = known.empty() ? "" : expected_one_of(known);
    found.help = did_you_mean(variable.name, known);
    findings.add(std::move(found));
  });
}

void unused_default(const LintSubject& subject, LintFindings& findings) {
  if (subject.prompt == nullptr) return;
  std::vector<std::string> used;
  each_variable(*subject.prompt,
                [&](const TemplateVariable& variable) { used.push_back(variable.name); });
  const std::vector<std::string_view> choices(used.begin(), used.end());
  const Value* variables = subject.value.find("variables");
  if (variables == nullptr || !variables->is_object()) return;
  for (const Member& member : *variables->object())
    if (!holds(used, member.key))
      findings.add(member.key_mark,
                   fmt::format("the default `{}` is used by no template", member.key), "",
                   did_you_mean(member.key, choices), code_points(member.key));
}

void unused_column(const LintSubject& subject, LintFindings& findings) {
  if (subject.prompt == nullptr || !subject.options.columns) return;
  std::vector<std::string> used = subject.options.used_columns;
  each_variable(*subject.prompt,
                [&](const TemplateVariable& variable) { used.push_back(variable.name); });
  for (const std::string& column : *subject.options.columns)
    if (!holds(used, column) && std::ranges::find(kOfTheCase, column) == kOfTheCase.end())
      findings.add(subject.value.mark(),
                   fmt::format("the column `{}` of the dataset is used nowhere", column));
}

}  // namespace

extern const LintRule kUndefinedVariable, kUnusedDefault, kUnusedColumn;

const LintRule kUndefinedVariable{
    "undefined-variable", Severity::error,
    "every variable of a template is a column of the dataset or has a default", &undefined};
const LintRule kUnusedDefault{"unused-default", Severity::warning,
                              "every default is used by a template", &unused_default};
const LintRule kUnusedColumn{"unused-column", Severity::note,
                             "every column of the dataset is used by a template or an evaluator",
                             &unused_column};

}  // namespace llmops
