#include "tests/support/noisy_rounds.h"

#include <cmath>

#include "datasets/random.h"
#include "tests/support/made_load.h"

namespace llmops::test {

NoisyRounds noisy_rounds(const NoisyMachine& machine, int rounds, int requests, double slower,
                         std::uint64_t seed) {
  Random random(seed, 99);
  double drift = machine.drift * standard_normal(random);
  NoisyRounds out;
  for (int block = 0; block < 4 * rounds; ++block) {
    const bool baseline = block % 4 == 0 || block % 4 == 3;
    const double speed = std::exp(drift + machine.block * standard_normal(random));
    MadeServer server{.noise = machine.request,
                      .tail = machine.tail,
                      .seed = 1000 * seed + static_cast<std::uint64_t>(block)};
    server.queue_ms *= speed;
    server.fixed_ms *= speed;
    server.prefill_ms *= speed;
    server.decode_ms *= speed * (baseline ? 1.0 : slower);
    (baseline ? out.baseline : out.candidate).push_back(made_load(server, requests));
    drift = machine.memory * drift + std::sqrt(1 - machine.memory * machine.memory) *
                                         machine.drift * standard_normal(random);
  }
  return out;
}

}  // namespace llmops::test
