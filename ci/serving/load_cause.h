#pragma once
// Why a load's latency changed. A request takes
//   client + queue + fixed
//     + (uncached input tokens x prefill + (output tokens - 1) x decode)
//       x clock x throttling x foreign process,
// and the change is divided by Shapley's value: the parts add up to it exactly.

#include <string>

#include "ci/latency_cause.h"

namespace llmops {

// Parts (those that are not known are merged into the one named beside them):
//   client             between due and sent: the cap on requests in flight, a late client
//   queue              as the server tells it (`server_queue`), else within "queue and fixed"
//   fixed              the rest of the time to first token
//   input tokens, cached tokens, prefill per token
//                      prefill is what the server tells (`server_prefill`), else the Theil-Sen
//                      slope of TTFT on uncached tokens: each run's own where their intervals are
//                      apart, else one of both runs; without a slope all three lie within "fixed"
//   output tokens, decode per token
//   hardware clock     what the SM clocks of both runs (`sm_clock`) explain: tokens take longer by
//                      the ratio of the clocks
//   throttling         what throttling took off the clock (`sm_clock_free` and `gpu_throttled`),
//                      else within "hardware clock"
//   foreign process    the server's tokens take 1 / (1 - share) as long, `gpu_foreign` the share
//                      of the card's time that others took
//                      These three together explain at most by as much as decoding slowed down (or
//                      sped up); where they would explain more, each is cut in the same proportion.
// Both runs are of `load_run`; requests pair by conversation and turn.
LatencyCause explain_load(const RunSource& baseline, const RunSource& candidate);

}  // namespace llmops
