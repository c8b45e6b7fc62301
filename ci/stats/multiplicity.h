#pragma once
// Adjusted p-values for several tests at once: reject where the adjusted value is at most alpha
// (q).

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "ci/stats/tested.h"

namespace llmops::stats {

enum class Adjustment {
  bonferroni,
  holm,      // Holm 1979: family-wise error, any dependence
  hochberg,  // Hochberg 1988: family-wise error, independent or positively dependent tests
  bh,        // Benjamini & Hochberg 1995: false discovery rate
  by,        // Benjamini & Yekutieli 2001: false discovery rate, any dependence
};

// In the order of the input; no tests give no values.
// invalid_input non_finite_value, p_out_of_range, both with index.
Tested<std::vector<double>> adjust(std::span<const double> p, Adjustment method);

// Tests that could not be made leave the family and stay absent.
Tested<std::vector<std::optional<double>>> adjust(std::span<const std::optional<double>> p,
                                                  Adjustment method);

}  // namespace llmops::stats
