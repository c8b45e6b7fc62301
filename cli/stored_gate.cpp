#include "cli/stored_gate.h"

#include "ci/baseline.h"
#include "cli/suite.h"

namespace llmops {

Result<StoredGate> gate_of(const StoredRunInfo& run, const std::string& suite_file,
                           const std::string& baseline) {
  const Value* stored = run.spec.find("suite");
  const std::string file = !suite_file.empty() ? suite_file
                           : stored != nullptr ? to_text(*stored)
                                               : "";
  SuiteOverrides overrides;
  if (!baseline.empty()) overrides.baseline = baseline;
  Result<Suite> suite = load_suite(file, overrides);
  if (!suite && (!suite_file.empty() || !baseline.empty())) return suite.problems();
  StoredGate found;
  found.suite_gone = !suite;
  if (!suite || !suite->gate || run.verdict.is_null()) return found;
  found.gate = std::move(suite->gate);
  if (!found.gate->baseline) return found;
  Result<std::shared_ptr<const RunSource>> opened = open_baseline(*found.gate->baseline);
  if (!opened) return opened.problems();
  found.baseline = *std::move(opened);
  return found;
}

}  // namespace llmops
