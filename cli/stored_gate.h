#pragma once
#include <memory>
#include <optional>
#include <string>

#include "ci/gate/gate_file.h"
#include "evaluators/store/store.h"

namespace llmops {

// What a stored run was gated by, as far as that is still there.
struct StoredGate {
  std::optional<GateSpec> gate;  // absent: the run was not gated, or its suite is gone
  std::shared_ptr<const RunSource> baseline;
  bool suite_gone = false;
};

// `suite`, `baseline`: files in place of the run's own; "" for those. A problem: one that was named
// cannot be read, or the gate's baseline cannot.
Result<StoredGate> gate_of(const StoredRunInfo& run, const std::string& suite,
                           const std::string& baseline);

}  // namespace llmops
