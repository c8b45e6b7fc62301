#pragma once
#include <cstdint>
#include <string>

namespace llmops {

// What one evaluator has used of a model beside the one under test.
struct SideUse {
  std::string evaluator, model;
  std::int64_t answered = 0, cached = 0, failed = 0;  // questions
  std::int64_t made = 0, retried = 0;                 // attempts
  std::int64_t input_tokens = 0, output_tokens = 0;
  double cost_usd = 0;
};

}  // namespace llmops
