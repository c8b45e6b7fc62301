#pragma once
// Scores that any tool wrote, as a run that can be compared: JSON lines (or one JSON array) with a
// row a sample, as `--samples-out` writes them.

#include <filesystem>
#include <memory>
#include <vector>

#include "datasets/text/result.h"
#include "evaluators/run_record.h"

namespace llmops {

// Keys of a row: `case_id`; `scores` {name: number, true/false, or null}; optional `sample` (needed
// where a case has several), `error` (the call failed), `group`, `tags`, `text`, and the figures
// input_tokens output_tokens cached_tokens reasoning_tokens cost_usd latency_ms ttft_ms tpot_ms
// itl_ms attempts cached. Other keys are ignored. Several samples of a case are averaged.
//
// `measures` says what each score is. Every problem of the file is reported (the first 100): a
// score that is no finite number or lies outside its range (with case and metric), a row without
// id, the same sample twice. Memory grows with the rows: about 60 bytes
// and the id each, 8 for each measure that occurs.
Result<std::shared_ptr<const RunSource>> open_scores_file(const std::filesystem::path& file,
                                                          const std::vector<Measure>& measures);

}  // namespace llmops
