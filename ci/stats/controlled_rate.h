#pragma once
// A rate of pairs with covariates taken out: logit P(win) = constant + sum of effect * covariate
// (+ effect * difficulty); the rate is the mean of P where every covariate is 0.

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace llmops::stats {

// One pair. A soft preference counts as it is; `weight` is how often the pair counts.
struct ControlledItem {
  static constexpr std::size_t kCovariates = 4;
  double preference = 0.5;  // for the model, in [0, 1]
  double weight = 1;
  std::array<double, kCovariates> covariates = {};
  double difficulty = 0;  // kept as it is where the rate is formed
};

class ControlledRate {
 public:
  // `covariates`: how many of each item's are fitted. `items` is not empty.
  ControlledRate(std::vector<ControlledItem> items, std::size_t covariates, bool difficulty);

  double rate() const { return rate_; }  // of all items
  // Fitted again to drawn items. Thread-safe.
  double rate(std::span<const std::uint32_t> places) const;

  double constant() const { return fitted_[0]; }
  double effect(std::size_t covariate) const { return fitted_[1 + covariate]; }
  double difficulty_effect() const { return fitted_[1 + covariates_]; }
  std::size_t size() const { return items_.size(); }

 private:
  static constexpr std::size_t kMost = ControlledItem::kCovariates + 2;
  using Terms = std::array<double, kMost>;  // constant, covariates, difficulty

  Terms fit(std::span<const std::uint32_t> places, const Terms& start) const;
  double rate_of(std::span<const std::uint32_t> places, const Terms& fitted) const;

  std::vector<ControlledItem> items_;
  std::size_t covariates_;
  bool difficulty_;
  std::size_t terms_;
  Terms fitted_ = {};
  double rate_ = 0;
};

}  // namespace llmops::stats
