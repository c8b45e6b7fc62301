#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/text/value.h"

namespace llmops {

// One check as promptfoo's `__expected` columns hold it: "TYPE", "TYPE: VALUE", "TYPE(THRESHOLD):
// VALUE", with "not-" before TYPE for the opposite; a text without a known type is the wanted
// answer itself.
struct Assertion {
  std::string type = "equals";
  bool negate = false;
  std::optional<double> threshold;
  std::string value;
};

// White space around the parts is cut off.
Assertion parse_assertion(std::string_view text);

// The metric that decides an assertion.
struct AssertionMetric {
  std::string metric;
  Object options;
  std::vector<std::string> references;
  std::size_t column = 0;  // of the metric
  // The check passes where the value is at least (at most, for an upper bound) this.
  double bound = 1.0;
  bool upper = false;
};

// Absent, with the reason in `why`, for a check that no metric of this program decides by itself: a
// model's judgement, a program. "similar" has none either: `expected` says which metric decides it.
std::optional<AssertionMetric> metric_of(const Assertion& assertion, std::string& why);

// "contains-any: a, b" wants one of "a" and "b".
std::vector<std::string> comma_separated(std::string_view text);

}  // namespace llmops
