#include "tests/support/made_load.h"

#include <cmath>

#include "datasets/random.h"

namespace llmops::test {

LoadResult made_load(const MadeServer& server, int requests) {
  LoadResult result;
  Random noise(server.seed);
  const double shift = server.drift * standard_normal(noise);
  const double slow =
      (server.sm_mhz > 0 ? 1500 / server.sm_mhz : 1) / (1 - std::max(0.0, server.foreign));
  double prefill_sum = 0;
  for (int i = 0; i < requests; ++i) {
    Random lengths(17, static_cast<std::uint64_t>(i));
    const double input = std::floor((100 + 800 * lengths.uniform()) * server.more_input);
    const double output = std::floor((20 + 80 * lengths.uniform()) * server.more_output);
    const double cached = std::floor(input * server.cached_share);
    double factor = std::exp(server.noise * standard_normal(noise) + shift);
    if (noise.uniform() < server.tail) factor *= 4;
    const double prefill = (input - cached) * server.prefill_ms * slow * factor;
    const double ttft = server.client_ms + server.queue_ms + server.fixed_ms * factor + prefill;
    const double decode = server.decode_ms * slow * factor;
    prefill_sum += prefill;
    LoadRecord record{.conversation = static_cast<std::uint64_t>(i),
                      .scheduled_s = i / 10.0,
                      .sent_s = i / 10.0 + server.client_ms / 1e3};
    record.ttft_ms = record.ttfo_ms = static_cast<float>(ttft);
    record.service_ttft_ms = static_cast<float>(ttft - server.client_ms);
    record.tpot_ms = record.itl_ms = static_cast<float>(decode);
    record.latency_ms = static_cast<float>(ttft + (output - 1) * decode);
    record.end_s = record.scheduled_s + double{record.latency_ms} / 1e3;
    record.input = static_cast<std::int32_t>(input);
    record.output = static_cast<std::int32_t>(output);
    record.cached = static_cast<std::int32_t>(cached);
    const auto second = static_cast<std::size_t>(record.end_s);
    if (second >= result.seconds.size()) result.seconds.resize(second + 1);
    result.seconds[second].output_tokens += record.output;
    result.wall_s = std::max(result.wall_s, record.end_s);
    result.records.push_back(record);
  }
  result.window_to_s = (requests - 1) / 10.0;
  if (server.tells_queue) result.witness.queue_ms = server.queue_ms;
  if (server.tells_prefill) result.witness.prefill_ms = prefill_sum / requests;
  if (server.sm_mhz > 0) result.witness.sm_mhz = server.sm_mhz;
  if (server.sm_mhz_free > 0) result.witness.sm_mhz_free = server.sm_mhz_free;
  if (server.throttled >= 0) result.witness.throttled_share = server.throttled;
  if (server.foreign >= 0) result.witness.foreign_share = server.foreign;
  return result;
}

}  // namespace llmops::test
