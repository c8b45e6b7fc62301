// Rules about the JSON schemas of answers and tools.
#include <fmt/format.h>

#include "datasets/text/files.h"
#include "datasets/text/yaml.h"
#include "prompts/json_schema_check.h"
#include "prompts/lint/lint.h"
#include "prompts/prompt_folder.h"

namespace llmops {
namespace {

// Hands over a value of the prompt file, or of the file that it names, with marks into it: JSON is
// YAML.
template <typename Visit>
void with_content(const LintSubject& subject, const Value* value, Visit visit) {
  if (value == nullptr) return;
  if (!value->is_string()) return visit(*value, subject.source);
  const Result<Source> source =
      read_source(PromptFolder::of_file(subject.file).find(*value->string()));
  if (!source) return;
  const Result<Value> content = parse_yaml(*source);
  if (content) visit(*content, *source);
}

template <typename Visit>
void each_schema(const LintSubject& subject, Visit visit) {
  if (subject.prompt == nullptr) return;
  const Value* format = subject.value.find("response_format");
  const Value* asked = format == nullptr ? nullptr : format->find("json_schema");
  const bool strict = [&] {
    const Value* wrapped = subject.prompt->response_format.find("json_schema");
    const Value* flag = wrapped == nullptr ? nullptr : wrapped->find("strict");
    return flag != nullptr && flag->boolean() != nullptr && *flag->boolean();
  }();
  with_content(subject, asked, [&](const Value& content, const Source& source) {
    const Value* inner = content.find("schema");
    visit(inner != nullptr && inner->is_object() && content.find("type") == nullptr ? *inner
                                                                                    : content,
          source, strict);
  });
  with_content(subject, subject.value.find("tools"), [&](const Value& tools, const Source& source) {
    if (!tools.is_list()) return;
    for (const Value& tool : *tools.list()) {
      const Value* function = tool.find("function");
      const Value& inner = function != nullptr ? *function : tool;
      const Value* schema = inner.find("parameters");
      if (schema == nullptr) schema = inner.find("input_schema");
      const Value* flag = inner.find("strict");
      if (schema != nullptr)
        visit(*schema, source, flag != nullptr && flag->boolean() != nullptr && *flag->boolean());
    }
  });
}

void invalid(const LintSubject& subject, LintFindings& findings) {
  each_schema(subject, [&](const Value& schema, const Source& source, bool) {
    for (Diagnostic& found : check_json_schema(schema, source)) findings.add(std::move(found));
  });
}

void strict(const LintSubject& subject, LintFindings& findings) {
  each_schema(subject, [&](const Value& schema, const Source& source, bool wanted) {
    if (wanted)
      for (Diagnostic& found : check_strict_schema(schema, source)) findings.add(std::move(found));
  });
}

}  // namespace

extern const LintRule kSchemaInvalid, kSchemaStrict;

const LintRule kSchemaInvalid{"schema-invalid", Severity::error,
                              "the JSON schemas of answers and tools are schemas", &invalid};
const LintRule kSchemaStrict{"schema-strict", Severity::warning,
                             "a `strict` schema is one that OpenAI takes", &strict};

}  // namespace llmops
