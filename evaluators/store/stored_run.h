#pragma once
// Reading runs back: rows for comparisons, outputs for reports.

#include <functional>
#include <memory>

#include "evaluators/run_record.h"

namespace llmops {

class Database;

std::unique_ptr<RunSource> open_stored_run(const Database& database, const RunHeader& header);
std::unique_ptr<OutputSource> open_stored_outputs(const Database& database,
                                                  const RunHeader& header);
void visit_stored_samples(
    const Database& database, const RunHeader& header,
    const std::function<void(const std::string&, const Case&, const SampleView&)>& visit);

}  // namespace llmops
