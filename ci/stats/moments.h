#pragma once
// Count, mean, spread and skewness of a sample: all that a t test or a guarded bound needs to know,
// so that a caller who streams its cases never holds them in memory.

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "ci/stats/tested.h"

namespace llmops::stats {

struct Moments {
  std::size_t n = 0;
  double mean = 0.0;
  double sd = 0.0;        // divides by n - 1; 0 for n < 2
  double skewness = 0.0;  // g1 = m3 / m2^1.5, both dividing by n; 0 for n < 3 or equal values
  double min = 0.0;
  double max = 0.0;
  double magnitude = 0.0;  // largest absolute value the sample was computed from

  // The spread is nothing but rounding: at most 1e-12 of the magnitude.
  bool constant() const { return sd <= 1e-12 * magnitude; }
};

// A sum with Neumaier's compensation (1974): its error does not grow with the number of terms.
class Sum {
 public:
  void add(double x);
  double value() const { return sum_ + correction_; }

 private:
  double sum_ = 0.0;
  double correction_ = 0.0;
};

// First pass over a sample. Values up to the largest double are summed without overflow.
class MeanPass {
 public:
  void add(double x);
  // `magnitude` belongs to the numbers x was computed from (of a difference, the larger of both).
  void add(double x, double magnitude);
  std::size_t count() const { return n_; }
  double mean() const;

 private:
  friend class SpreadPass;
  std::size_t n_ = 0;
  Sum sum_;
  double min_ = 0.0;
  double max_ = 0.0;
  double magnitude_ = 0.0;
};

// Second pass over the same values, in any order: deviations from the mean of the first pass,
// corrected for the rounding of that mean (Chan, Golub & LeVeque 1983).
class SpreadPass {
 public:
  explicit SpreadPass(const MeanPass& first);
  void add(double x);
  Moments moments() const;

 private:
  Moments known_;
  double scale_ = 1.0;  // a power of two that keeps cubes of deviations in range
  Sum first_, second_, third_;
};

// Every value must be finite.
Moments moments(std::span<const double> values);

// Moments of candidate[i] - baseline[i]. Refuses lengths that differ and values that are not
// finite.
Tested<Moments> paired_moments(std::span<const double> baseline, std::span<const double> candidate);

// candidate[i] - baseline[i], with the same refusals.
Tested<std::vector<double>> differences(std::span<const double> baseline,
                                        std::span<const double> candidate);

// The moments of the sample with these values added (Pébay 2008). The magnitude grows with them.
Moments with_values(const Moments& sample, std::span<const double> added);

// Arithmetic mean, compensated; 0 for no values.
double mean(std::span<const double> values);

// Variance with divisor n - 1; 0 for fewer than two values.
double variance(std::span<const double> values);

}  // namespace llmops::stats
