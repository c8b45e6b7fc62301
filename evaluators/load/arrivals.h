#pragma once
// When requests of an open loop are due. Times do not depend on the answers: a server that stalls
// finds its queue grown (no coordinated omission).

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "datasets/random.h"

namespace llmops {

struct ArrivalSpec {
  double rate = 1.0;      // requests a second, above 0
  double rate_end = 0;    // a ramp: the rate grows or falls to this within `ramp_s`, then stays
  double ramp_s = 0;      // seconds; 0: no ramp
  bool constant = false;  // equal gaps
  // Shape of the gamma distributed gaps: 1 is a Poisson process, below 1 comes in bursts, above 1
  // is more even (as `--burstiness` of vLLM's client; the total is not rescaled).
  double burstiness = 1.0;
  std::vector<double> trace_s;  // recorded arrivals, ascending; in place of all the above
};

class Arrivals {
 public:
  Arrivals(ArrivalSpec spec, std::uint64_t seed);
  // Seconds since the start, ascending; nullopt at the end of a trace. The same for a seed on every
  // machine.
  std::optional<double> next();

 private:
  ArrivalSpec spec_;
  Random random_;
  double due_ = 0;  // in mean gaps: the integral of the rate up to the arrival
  std::size_t at_ = 0;
};

// One draw of a gamma distribution of mean 1 (Marsaglia & Tsang 2000). `shape` above 0.
double gamma_gap(Random& random, double shape);
// One draw of a standard normal distribution (polar method, Marsaglia & Bray 1964).
double standard_normal(Random& random);

}  // namespace llmops
