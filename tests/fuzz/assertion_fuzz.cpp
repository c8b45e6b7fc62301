// Any cell of an `__expected` column: it is a check of a known kind or a wanted answer, and what
// decides it never throws.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "evaluators/metric.h"
#include "evaluators/metrics/code_exec/program.h"
#include "evaluators/metrics/text/assertion.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace llmops;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const Assertion assertion = parse_assertion(text);
  if (assertion.value.size() > text.size()) std::abort();
  std::string why;
  const auto decides = metric_of(assertion, why);
  if (!decides && why.empty()) std::abort();
  if (decides && find_metric(decides->metric) == nullptr) std::abort();
  const std::string_view code = code_of(text, "f");
  if (code.size() > text.size()) std::abort();
  return 0;
}
