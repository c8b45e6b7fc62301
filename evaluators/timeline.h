#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

namespace llmops {

using Clock = std::chrono::steady_clock;

// An event with generated payload: when it was read, and its tokens where the server told.
struct EventStamp {
  Clock::time_point at;
  std::int64_t tokens = 0;  // 0: not told
};

// What the server tells with the answer of its own clock (llama.cpp's `timings`, Ollama's
// durations).
struct ServerTiming {
  std::optional<double> queue_ms, prefill_ms, decode_ms;
};

// Stamps of one call, taken when bytes arrive, before parsing. A stamp that was not taken is
// absent. Generated payload is text, reasoning, tool calls; a role, an empty text, a finish reason
// or a usage report is none.
struct Timeline {
  std::optional<Clock::time_point> scheduled;     // when it was due
  std::optional<Clock::time_point> sent;          // when the request was handed to the connection
  std::optional<Clock::time_point> headers;       // end of the answer's headers
  std::optional<Clock::time_point> first_event;   // of the stream, whatever it holds: often a role
  std::optional<Clock::time_point> first_token;   // first event with generated payload
  std::optional<Clock::time_point> first_answer;  // first that is more than reasoning
  std::optional<Clock::time_point> last_token;    // last event with generated payload
  std::optional<Clock::time_point> end;           // answer complete
  std::int64_t payload_events = 0;                // events with generated payload
  std::int64_t first_tokens = 0;                  // tokens of the first of them; 0: not told
  double longest_gap_ms = 0;                      // between two payload events
  std::vector<EventStamp> events;                 // where ModelSpec::keep_events asks for them
};

// Recorded or measured times of a sample, in milliseconds; definitions in evaluators/README.md.
struct Timing {
  // first_token - scheduled (sent where nothing was scheduled)
  std::optional<double> ttft_ms;
  // (last_token - first_token) / (output tokens - tokens of the first event). What the first event
  // held is told by the server, else an even share of the output tokens. Two tokens at least.
  std::optional<double> tpot_ms;
  // Mean wait for a token: the gaps between payload events, each shared by its event's tokens.
  // Without a token count an event is taken for a token.
  std::optional<double> itl_ms;
  // end - scheduled
  std::optional<double> latency_ms;
};

Timing timing_of(const Timeline& timeline, std::optional<std::int64_t> output_tokens);

}  // namespace llmops
