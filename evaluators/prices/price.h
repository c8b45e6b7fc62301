#pragma once
#include <optional>

#include "datasets/text/fields.h"
#include "evaluators/sample.h"

namespace llmops {

// USD per million tokens.
struct Price {
  double input = 0;
  double cached_input = 0;
  double output = 0;
  std::optional<double> reasoning;  // absent: as `output`
  double batch = 0.5;               // what a batch costs of all this
};

// What a call cost, from the tokens that the server counted; absent where it counted none.
std::optional<double> cost_of(const Price& price, const Usage& usage, bool batch = false);

// Reads `{input, output, cached_input, reasoning, batch}` and notes every problem.
Price read_price(const Value& value, const Source& source, Diagnostics& problems);

}  // namespace llmops
