#pragma once
// What one request of a benchmark came to, in little memory.

#include <cstdint>
#include <optional>

#include "evaluators/sample.h"

namespace llmops {

// Seconds count from the start of the load, milliseconds from the scheduled time. NaN: not
// measured.
struct LoadRecord {
  std::uint64_t conversation = 0;
  std::int32_t turn = 0;
  ErrorClass error = ErrorClass::none;
  bool warm_up = false;  // outside the figures
  double scheduled_s = 0, sent_s = 0, end_s = 0;
  float header_ms = 0;        // end of the answer's headers
  float ttft_ms = 0;          // first event with generated payload - scheduled
  float service_ttft_ms = 0;  // ... - sent
  float latency_ms = 0;       // end - scheduled
  float tpot_ms = 0;          // evaluators/timeline.h
  float itl_ms = 0;
  // -1: the server did not say.
  std::int32_t input = -1, output = -1, cached = -1, reasoning = -1;
  std::int32_t wanted_input = 0, wanted_output = 0;  // 0: not wished
};

}  // namespace llmops
