#include "evaluators/timeline.h"

namespace llmops {
namespace {

double ms(Clock::duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

}  // namespace

Timing timing_of(const Timeline& timeline, std::optional<std::int64_t> output_tokens) {
  Timing timing;
  const auto start = timeline.scheduled ? timeline.scheduled : timeline.sent;
  if (!start) return timing;
  if (timeline.end) timing.latency_ms = ms(*timeline.end - *start);
  if (!timeline.first_token) return timing;
  timing.ttft_ms = ms(*timeline.first_token - *start);
  if (!timeline.last_token) return timing;
  const double generating = ms(*timeline.last_token - *timeline.first_token);
  if (output_tokens && *output_tokens > 1)
    timing.tpot_ms = generating / static_cast<double>(*output_tokens - 1);
  if (timeline.payload_events > 1)
    timing.itl_ms = generating / static_cast<double>(timeline.payload_events - 1);
  return timing;
}

}  // namespace llmops
