#include "evaluators/prices/price.h"

#include <algorithm>

namespace llmops {

std::optional<double> cost_of(const Price& price, const Usage& usage, bool batch) {
  if (!usage.input && !usage.output) return std::nullopt;
  const auto input = static_cast<double>(usage.input.value_or(0));
  const double cached = std::min(input, static_cast<double>(usage.cached.value_or(0)));
  const auto output = static_cast<double>(usage.output.value_or(0));
  const double reasoning = std::min(output, static_cast<double>(usage.reasoning.value_or(0)));
  const double sum = (input - cached) * price.input + cached * price.cached_input +
                     (output - reasoning) * price.output +
                     reasoning * price.reasoning.value_or(price.output);
  return sum * (batch ? price.batch : 1.0) / 1e6;
}

Price read_price(const Value& value, const Source& source, Diagnostics& problems) {
  Price price;
  Fields fields(value, source, problems, "`price`");
  price.input = fields.number("input", {0}).value_or(0);
  price.cached_input = fields.number("cached_input", {0}).value_or(price.input);
  price.output = fields.number("output", {0}).value_or(0);
  price.reasoning = fields.number("reasoning", {0});
  price.batch = fields.number("batch", {0, 1}).value_or(price.batch);
  if (!fields.has("input")) fields.missing("input", "USD for a million input tokens");
  if (!fields.has("output")) fields.missing("output", "USD for a million output tokens");
  fields.finish();
  return price;
}

}  // namespace llmops
