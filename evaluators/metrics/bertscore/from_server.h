#pragma once
#include <memory>

#include "evaluators/metric.h"

namespace llmops {

// `bertscore` with the option `server`: token vectors come from a server instead of a model folder.
std::unique_ptr<Metric> make_server_bertscore(Fields& fields);

}  // namespace llmops
