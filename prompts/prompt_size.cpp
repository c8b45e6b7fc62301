#include "prompts/prompt_size.h"

#include <algorithm>

#include "datasets/text/json.h"
#include "prompts/request.h"
#include "prompts/template/parser.h"
#include "prompts/tokens/token_counter.h"

namespace llmops {
namespace {

using jinja::Body;
using jinja::Expression;
using jinja::Statement;

// The text nodes, and the defaults that stand where a value is put in.
void add_own_text(const Body& body, const Object& defaults, const Case& row, std::string& text) {
  for (const Statement& statement : body) {
    text += statement.text;
    if (statement.kind == Statement::Kind::output && statement.expression != nullptr &&
        statement.expression->kind == Expression::Kind::name) {
      const std::string& name = statement.expression->name;
      const Value* value = defaults.find(name);
      if (value != nullptr && row.variables.find(name) == nullptr) text += to_text(*value);
    }
    for (const Body& inner : statement.bodies) add_own_text(inner, defaults, row, text);
  }
}

double tokens(std::string_view text) { return static_cast<double>(token_estimate().count(text)); }

double tokens_of_settings(const Prompt& prompt) {
  double sum = 0;
  for (const Value* value : {&prompt.tools, &prompt.response_format})
    if (!value->is_null()) sum += tokens(dump_json(*value));
  return sum;
}

// nullopt where the case cannot be rendered.
std::optional<PromptSize> size_of(const Prompt& prompt, const Case& row) {
  const Result<std::vector<Message>> messages = render_messages(prompt, row);
  if (!messages) return std::nullopt;
  PromptSize size;
  for (std::size_t i = 0; i < messages->size(); ++i) {
    std::string own;
    for (const PartTemplate& part : prompt.messages[i].parts)
      if (part.type == "text") add_own_text(part.content.parsed().body, prompt.variables, row, own);
    const double all = tokens(plain_text((*messages)[i]));
    const double of_prompt = std::min(tokens(own), all);
    size.own += of_prompt;
    size.inserted += all - of_prompt;
  }
  return size;
}

}  // namespace

PromptSize prompt_size(const Prompt& prompt, const Case& row) {
  PromptSize size = size_of(prompt, row).value_or(PromptSize());
  size.own += tokens_of_settings(prompt);
  return size;
}

PromptSize prompt_size(const Prompt& prompt, CaseStream& cases, int most) {
  PromptSize sum;
  int seen = 0;
  for (Case row; seen < most && cases.next(row);)
    if (const auto size = size_of(prompt, row)) {
      sum.own += size->own;
      sum.inserted += size->inserted;
      ++seen;
    }
  if (seen > 0) sum = {sum.own / seen, sum.inserted / seen};
  sum.own += tokens_of_settings(prompt);
  return sum;
}

}  // namespace llmops
