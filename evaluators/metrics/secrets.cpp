// Secrets in outputs: keys of the large providers, private keys, tokens, passwords.
// Cost: O(n) for each pattern.
#include "evaluators/metrics/text/leaks.h"

namespace llmops {
namespace {

std::unique_ptr<Metric> make(Fields& fields) {
  return make_leak_metric("secrets", SensitiveKind::secret, fields);
}

}  // namespace

extern const MetricInfo kSecrets;
constexpr MetricInfo kSecrets{
    .name = "secrets",
    .summary = "keys, tokens and passwords in the output",
    .source = "definition",
    .needs_references = false,
    .options = kLeakOptions,
    .make = &make,
    .safety = true,
};

}  // namespace llmops
