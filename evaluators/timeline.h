#pragma once
#include <chrono>
#include <cstdint>
#include <optional>

namespace llmops {

using Clock = std::chrono::steady_clock;

// Stamps of one call, taken when bytes arrive, before parsing. A stamp that was not taken is
// absent.
struct Timeline {
  std::optional<Clock::time_point> scheduled;    // when it was due
  std::optional<Clock::time_point> sent;         // when the request was handed to the connection
  std::optional<Clock::time_point> headers;      // first byte of the answer's headers
  std::optional<Clock::time_point> first_token;  // first event with generated payload
  std::optional<Clock::time_point> last_token;   // last event with generated payload
  std::optional<Clock::time_point> end;          // answer complete
  std::int64_t payload_events = 0;               // events with generated payload
  double longest_gap_ms = 0;                     // between two payload events
};

// Recorded or measured times of a sample, in milliseconds; definitions in evaluators/README.md.
struct Timing {
  std::optional<double> ttft_ms;  // first_token - scheduled (sent where nothing was scheduled)
  std::optional<double>
      tpot_ms;  // (last_token - first_token) / (output tokens - 1); two tokens at least
  std::optional<double> itl_ms;      // mean gap between payload events
  std::optional<double> latency_ms;  // end - scheduled
};

Timing timing_of(const Timeline& timeline, std::optional<std::int64_t> output_tokens);

}  // namespace llmops
