#include "prompts/template.h"

#include "prompts/template/evaluator.h"
#include "prompts/template/parser.h"

namespace llmops {

struct Template::Program {
  jinja::Parsed parsed;
  std::vector<std::string> variables;
};

Template::Template(std::shared_ptr<const Program> program) : program_(std::move(program)) {}
Template::Template(Template&&) noexcept = default;
Template& Template::operator=(Template&&) noexcept = default;
Template::Template(const Template&) = default;
Template& Template::operator=(const Template&) = default;
Template::~Template() = default;

Result<Template> Template::compile(std::string_view text, const Source& source, Mark start,
                                   const IncludeLoader& include) {
  auto program = std::make_shared<Program>();
  Diagnostics problems;
  program->parsed = jinja::parse(text, source, start, include, problems);
  if (has_errors(problems)) return problems;
  for (const jinja::VariableUse& use : program->parsed.uses) {
    bool known = false;
    for (const std::string& name : program->variables) known = known || name == use.name;
    if (!known) program->variables.push_back(use.name);
  }
  return Template(std::move(program));
}

Result<std::string> Template::render(const std::vector<const Object*>& scopes) const {
  std::string out;
  try {
    jinja::run(program_->parsed.body, program_->parsed.slots, scopes, out);
  } catch (const jinja::Failure& failure) {
    return jinja::problem_at(program_->parsed.origins, failure.place, failure.what,
                             failure.expected, failure.help);
  }
  return out;
}

const std::vector<std::string>& Template::variables() const { return program_->variables; }
const std::string& Template::resolved() const { return program_->parsed.resolved; }

const jinja::Parsed& Template::parsed() const { return program_->parsed; }

std::vector<TemplateVariable> Template::uses() const {
  std::vector<TemplateVariable> found;
  for (const std::string& name : program_->variables) {
    TemplateVariable variable{name, problem("")};
    bool first = true;
    for (const jinja::VariableUse& use : program_->parsed.uses) {
      if (use.name != name) continue;
      if (first)
        variable.place = jinja::problem_at(program_->parsed.origins, use.place, "", "", "");
      first = false;
      variable.optional = variable.optional || use.guarded;
    }
    found.push_back(std::move(variable));
  }
  return found;
}

}  // namespace llmops
