#pragma once
#include <optional>
#include <string>

#include "datasets/case.h"
#include "datasets/text/fields.h"
#include "prompts/template.h"

namespace llmops {

// What a case asks, as a judge sees it: the same for every prompt and model under test, so that two
// runs are judged alike.
class CaseInput {
 public:
  // `input`: a template over the case's variables. Without it the first of the variables question,
  // input, query, instruction, prompt, task, text that the case has, with `passage` before it;
  // else every variable that is no reference, as `name: text`.
  static CaseInput read(Fields& fields);

  // The problem: the template names a variable that the case lacks.
  Result<std::string> of(const Case& row) const;
  std::string signature() const;

 private:
  std::optional<Template> template_;
};

}  // namespace llmops
