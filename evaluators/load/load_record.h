#pragma once
// What one request of a benchmark came to, in little memory.

#include <cstdint>
#include <limits>
#include <optional>

#include "evaluators/sample.h"

namespace llmops {

// Seconds count from the start of the load, milliseconds from the scheduled time. NaN: not
// measured.
struct LoadRecord {
  std::uint64_t conversation = 0;
  std::int32_t turn = 0;
  ErrorClass error = ErrorClass::none;
  bool warm_up = false, cool_down = false;  // outside the figures
  double scheduled_s = 0, sent_s = 0, end_s = 0;
  float header_ms = 0;        // end of the answer's headers - sent
  float first_event_ms = 0;   // first event, whatever it holds (often a role) - scheduled
  float ttft_ms = 0;          // first event with generated payload - scheduled
  float service_ttft_ms = 0;  // ... - sent
  float ttfo_ms = 0;          // first event with more than reasoning - scheduled
  float latency_ms = 0;       // end - scheduled
  float tpot_ms = 0;          // evaluators/timeline.h
  float itl_ms = 0;
  float server_queue_ms = std::numeric_limits<float>::quiet_NaN();  // as the server told with it
  float server_prefill_ms = std::numeric_limits<float>::quiet_NaN();
  float server_decode_ms = std::numeric_limits<float>::quiet_NaN();
  // -1: the server did not say.
  std::int32_t input = -1, output = -1, cached = -1, reasoning = -1;
  std::int32_t wanted_input = 0, wanted_output = 0;  // 0: not wished
};

// What was seen of the server and its hardware during a load, by whoever watched them.
struct LoadWitness {
  std::optional<double> queue_ms, prefill_ms;  // means a request, by the server's counters
  bool headers_when_granted = false;           // header time is queueing (llama.cpp)
  // Means over the cards: clock, clock while nothing throttled it, share of the samples in which
  // something did, share of the time that other processes than the server took.
  std::optional<double> sm_mhz, sm_mhz_free, throttled_share, foreign_share;
};

}  // namespace llmops
