#include <doctest/doctest.h>

#include "tests/unit/ci/stats/operations.h"

namespace llmops::test {

Operations all_operations() {
  Operations all;
  for (const auto& table :
       {descriptive_operations(), t_test_operations(), guarded_operations(), binary_operations(),
        ratio_operations(), multiplicity_operations(), power_operations(),
        nonparametric_operations(), effect_operations(), judge_operations(), clustered_operations(),
        resampling_operations(), sequential_operations(), drift_operations(), gate_operations()})
    all.insert(table.begin(), table.end());
  return all;
}

}  // namespace llmops::test

using namespace llmops::test;

TEST_CASE("statistics: degenerate input is refused with its reason, never NaN, never a crash") {
  check_vectors("degenerate", all_operations());
}
