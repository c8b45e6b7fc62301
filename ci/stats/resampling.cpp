#include "ci/stats/resampling.h"

#include <cmath>

#include "datasets/random.h"

namespace llmops::stats {

std::uint64_t stream_of(std::uint64_t seed, std::string_view metric, std::string_view purpose) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  const auto take = [&hash](unsigned char byte) { hash = (hash ^ byte) * 0x100000001b3ULL; };
  for (const char c : metric) take(static_cast<unsigned char>(c));
  take(0);  // "a" of "bc" is not "ab" of "c"
  for (const char c : purpose) take(static_cast<unsigned char>(c));
  std::uint64_t state = seed;
  state = splitmix64(state) ^ hash;
  return splitmix64(state);
}

double monte_carlo_p(std::int64_t extreme, std::int64_t resamples) {
  return (1.0 + static_cast<double>(extreme)) / (1.0 + static_cast<double>(resamples));
}

bool too_close(double p, double alpha, std::int64_t resamples) {
  const double error = std::sqrt(p * (1.0 - p) / static_cast<double>(resamples));
  return std::abs(p - alpha) <= 3.0 * error;
}

}  // namespace llmops::stats
