#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "datasets/text/fields.h"

namespace llmops {

// What a judge goes by: criteria, a scale, a sentence a level, steps.
struct RubricText {
  std::string criteria;               // or the whole text of a rubric file
  int low = 1, high = 5;              // the scale, whole numbers
  std::map<int, std::string> levels;  // grade -> what earns it
  std::vector<std::string> steps;
  bool wants_steps = false;  // only criteria are given: a judge writes the steps once
};

// Reads criteria, rubric (a Markdown or text file, or YAML with these keys), scale, levels, steps.
// The same with criteria and a scale that stand where the options give none; no steps then.
RubricText read_rubric(Fields& fields);
RubricText read_rubric(Fields& fields, std::string criteria, int low, int high);
inline constexpr std::string_view kRubricOptions[] = {"criteria", "rubric", "scale", "levels",
                                                      "steps"};

// Criteria, steps, scale and levels as the judge reads them.
std::string rubric_instructions(const RubricText& rubric);

}  // namespace llmops
