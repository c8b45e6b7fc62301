#pragma once
// Sensitive data in outputs, for the metrics `pii` and `secrets`.

#include <memory>

#include "datasets/text/sensitive.h"
#include "evaluators/metric.h"

namespace llmops {

inline constexpr std::string_view kLeakOptions[] = {"kinds", "allow", "allow_given"};

// A metric over the finds of one kind: 1 where an output holds one, and `.count`. Notes name the
// rule and the first characters, never the find.
// Options: `kinds` (rule ids without their prefix), `allow` (patterns of finds that do not count),
// `allow_given` (finds that the case itself holds do not count).
std::unique_ptr<Metric> make_leak_metric(std::string_view metric, SensitiveKind kind,
                                         Fields& fields);

}  // namespace llmops
