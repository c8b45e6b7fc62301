#include "evaluators/load/arrivals.h"

#include <cmath>
#include <utility>

namespace llmops {
namespace {

// The time at which the integral of the rate reaches `due`.
double time_of(const ArrivalSpec& spec, double due) {
  if (spec.ramp_s <= 0 || spec.rate_end <= 0) return due / spec.rate;
  const double whole = (spec.rate + spec.rate_end) / 2 * spec.ramp_s;
  if (due >= whole) return spec.ramp_s + (due - whole) / spec.rate_end;
  // rate * t + slope / 2 * t^2 = due, in the form that keeps its digits where the slope is small.
  const double slope = (spec.rate_end - spec.rate) / spec.ramp_s;
  return 2 * due / (spec.rate + std::sqrt(spec.rate * spec.rate + 2 * slope * due));
}

}  // namespace

double standard_normal(Random& random) {
  for (;;) {
    const double x = 2 * random.uniform() - 1, y = 2 * random.uniform() - 1;
    const double square = x * x + y * y;
    if (square > 0 && square < 1) return x * std::sqrt(-2 * std::log(square) / square);
  }
}

double gamma_gap(Random& random, double shape) {
  if (shape < 1) {
    const double boost = std::pow(1 - random.uniform(), 1 / shape);
    return gamma_gap(random, shape + 1) * (shape + 1) * boost / shape;
  }
  const double d = shape - 1.0 / 3, c = 1 / std::sqrt(9 * d);
  for (;;) {
    const double x = standard_normal(random);
    const double v = std::pow(1 + c * x, 3);
    if (v <= 0) continue;
    const double u = 1 - random.uniform();
    if (std::log(u) < x * x / 2 + d - d * v + d * std::log(v)) return d * v / shape;
  }
}

Arrivals::Arrivals(ArrivalSpec spec, std::uint64_t seed) : spec_(std::move(spec)), random_(seed) {}

std::optional<double> Arrivals::next() {
  if (!spec_.trace_s.empty()) {
    if (at_ == spec_.trace_s.size()) return std::nullopt;
    return spec_.trace_s[at_++];
  }
  if (spec_.constant)
    due_ = static_cast<double>(at_);
  else
    due_ += gamma_gap(random_, spec_.burstiness);
  ++at_;
  return time_of(spec_, due_);
}

}  // namespace llmops
