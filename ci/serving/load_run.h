#pragma once
// A load as a run: one row a request, so that baselines, comparisons and rules are those of `eval`.

#include <memory>
#include <vector>

#include "ci/serving/load_figures.h"
#include "evaluators/run_record.h"

namespace llmops {

// `header` names model, workload and hardware; measures and counts are filled in: input_tokens
// output_tokens total_tokens latency ttft tpot itl error_rate cached_tokens, and goodput where
// there are objectives; for the split of latency (load_cause.h) client_wait, and server_queue,
// server_prefill, sm_clock, sm_clock_free, gpu_throttled and gpu_foreign where a load's witness, or
// the server with each answer, tells them.
// Rows are the requests of the steady window, called by conversation and turn, so that two loads of
// one workload and seed pair. Of several loads (repeats, interleaved blocks) the requests of the
// k-th carry the group "k".
std::unique_ptr<RunSource> load_run(RunHeader header, const std::vector<const LoadResult*>& loads,
                                    const std::vector<Objective>& objectives);

// The names of those measures, and of the figures of the whole load that a rule may bound: goodput
// request_throughput output_throughput.
std::vector<std::string> load_measure_names();

}  // namespace llmops
