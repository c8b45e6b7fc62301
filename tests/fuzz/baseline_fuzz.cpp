// Any bytes as a baseline: problems, or a run that reads to its end and is compared with itself.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "ci/baseline.h"
#include "ci/gate/verdict.h"
#include "tests/fuzz/input_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace llmops;
  const InputFile file(data, size);
  const auto baseline = open_baseline(file.path());
  static_cast<void>(render(baseline.problems()));
  if (!baseline) {
    if (!has_errors(baseline.problems())) std::abort();
    return 0;
  }
  std::string last;
  CaseRow row;
  for (const auto rows = (*baseline)->rows(); rows->next(row); last = row.id)
    if (row.id <= last || row.values.size() != (*baseline)->header().measures.size()) std::abort();
  const Comparison comparison = compare(**baseline, **baseline, {});
  for (const MetricComparison& metric : comparison.metrics)
    if (metric.difference.value_or(0) != 0) std::abort();
  return 0;
}
