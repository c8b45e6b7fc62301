#pragma once
// Cases and answers as the store keeps them.

#include <string>
#include <string_view>

#include "datasets/case.h"
#include "evaluators/sample.h"

namespace llmops {

std::string case_json(const Case& row);
Case read_case(std::string_view json);

// Everything of a sample that has no column of its own: text, finish reason, model, error message,
// ...
std::string answer_json(const Sample& sample);
void read_answer(std::string_view json, Sample& sample);

}  // namespace llmops
