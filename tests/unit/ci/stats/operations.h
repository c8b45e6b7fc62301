#pragma once
// What the operations of the reference vectors call. Each test file has the table of its topics;
// the degenerate inputs run through all of them.

#include "tests/support/stat_vectors.h"

namespace llmops::test {

Operations descriptive_operations();
Operations t_test_operations();
Operations guarded_operations();
Operations binary_operations();
Operations ratio_operations();
Operations multiplicity_operations();
Operations power_operations();
Operations nonparametric_operations();
Operations effect_operations();
Operations judge_operations();
Operations clustered_operations();
Operations resampling_operations();
Operations sequential_operations();
Operations drift_operations();
Operations gate_operations();

// All of them.
Operations all_operations();

}  // namespace llmops::test
