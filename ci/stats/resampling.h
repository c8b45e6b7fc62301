#pragma once
// Seeds of resampling. Each purpose has its own stream of random numbers, and each resample its own
// within it, so that a result depends on the seed alone and not on threads or on what else was
// tested.

#include <cstdint>
#include <string_view>

namespace llmops::stats {

// A stream for this metric and purpose ("bootstrap", "sign flips", ...), from FNV-1a of the words
// mixed with the seed through splitmix64.
std::uint64_t stream_of(std::uint64_t seed, std::string_view metric, std::string_view purpose);

// p = (1 + extreme)/(1 + resamples): never 0, and valid (Phipson & Smyth 2010).
double monte_carlo_p(std::int64_t extreme, std::int64_t resamples);

// A Monte-Carlo p-value this close to alpha (3 standard errors) asks for more resamples.
bool too_close(double p, double alpha, std::int64_t resamples);

inline constexpr int kResamples = 9999;
inline constexpr int kManyResamples = 99999;

}  // namespace llmops::stats
