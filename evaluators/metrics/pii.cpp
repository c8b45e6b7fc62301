// Personal data in outputs: payment cards (Luhn), IBANs (mod 97), e-mail, telephone, social
// security.
// Cost: O(n) for each pattern.
#include "evaluators/metrics/text/leaks.h"

namespace llmops {
namespace {

std::unique_ptr<Metric> make(Fields& fields) {
  return make_leak_metric("pii", SensitiveKind::personal, fields);
}

}  // namespace

extern const MetricInfo kPii;
constexpr MetricInfo kPii{
    .name = "pii",
    .summary = "personal data in the output (checksums, never shown in full)",
    .source = "definition",
    .needs_references = false,
    .options = kLeakOptions,
    .make = &make,
    .safety = true,
};

}  // namespace llmops
