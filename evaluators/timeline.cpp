#include "evaluators/timeline.h"

#include <algorithm>

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
  if (!timeline.last_token || timeline.payload_events < 2) return timing;
  const double generating = ms(*timeline.last_token - *timeline.first_token);
  const auto events = static_cast<double>(timeline.payload_events);
  const auto tokens = static_cast<double>(output_tokens.value_or(0));
  // Servers count an end token that no event brings, and may count fewer tokens than events.
  const double first = timeline.first_tokens > 0 ? static_cast<double>(timeline.first_tokens)
                                                 : std::max(1.0, tokens / events);
  if (tokens - first >= 1) timing.tpot_ms = generating / (tokens - first);
  timing.itl_ms =
      timing.tpot_ms && tokens >= events ? *timing.tpot_ms : generating / (events - 1);
  return timing;
}

}  // namespace llmops
