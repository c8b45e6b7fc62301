#pragma once
// Pass/fail of the same cases under baseline and candidate: tables, intervals and tests of the
// difference of pass rates. difference = candidate - baseline = (gains - losses)/n.

#include <cstdint>
#include <span>

#include "ci/stats/tested.h"

namespace llmops::stats {

struct PairedTable {
  std::int64_t both = 0;     // n11: pass, pass
  std::int64_t losses = 0;   // n10: baseline passes, candidate fails
  std::int64_t gains = 0;    // n01: baseline fails, candidate passes
  std::int64_t neither = 0;  // n00

  std::int64_t n() const { return both + losses + gains + neither; }
  double difference() const {
    return static_cast<double>(gains - losses) / static_cast<double>(n());
  }
};

// Counts of values that are all 0 or 1. invalid_input length_mismatch, non_finite_value,
// not_binary.
Tested<PairedTable> paired_table(std::span<const double> baseline,
                                 std::span<const double> candidate);

// invalid_input negative_count, not_testable no_cases.
std::optional<Refusal> check_table(const PairedTable& table);

// Score interval (Tango 1998): all D with |T(D)| <= z; two-sided at `level`.
Tested<Interval> tango(const PairedTable& table, double level = 0.95);

// One-sided score bounds, each at `level`.
Tested<Interval> tango_bounds(const PairedTable& table, double level = 0.95);

// Score test of "difference <= -margin" against "above it".
struct ScoreTest {
  double z = 0.0;
  double p = 1.0;
};
Tested<ScoreTest> tango_noninferiority(const PairedTable& table, double margin);

// Hybrid score interval (Newcombe 1998, method 10), with the continuity-corrected phi or without.
Tested<Interval> newcombe_paired(const PairedTable& table, double level = 0.95,
                                 bool continuity = true);

// Adjusted Wald interval (Bonett & Price 2012), clipped to [-1, 1].
Tested<Interval> bonett_price(const PairedTable& table, double level = 0.95);

}  // namespace llmops::stats
