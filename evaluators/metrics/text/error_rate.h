#pragma once
#include "evaluators/metrics/simple_metric.h"
#include "evaluators/metrics/text/units.h"

namespace llmops {

inline constexpr std::string_view kErrorRateOptions[] = {"lowercase", "no_punct"};

// WER or CER: edits / length of the reference, of the reference with the lowest rate; the set's
// figure is all edits / all reference units. Reads `lowercase` and `no_punct`.
std::unique_ptr<Metric> make_error_rate(Fields& fields, std::string_view name, Unit unit);

}  // namespace llmops
