#include "ci/stats/sequential.h"

#include <algorithm>
#include <cmath>

#include "ci/stats/checks.h"

namespace llmops::stats {
namespace {

// ln((e^a + e^b)/2) without overflow.
double log_mean(double a, double b) {
  const double larger = std::max(a, b);
  return larger + std::log1p(std::exp(std::min(a, b) - larger)) - std::log(2.0);
}

std::optional<Refusal> check_within(std::span<const double> values, double lowest, double highest) {
  if (auto refusal = check_finite(values)) return refusal;
  for (std::size_t i = 0; i < values.size(); ++i)
    if (values[i] < lowest || values[i] > highest)
      return invalid_input("value_outside_range", "a value lies outside the declared range", i);
  return std::nullopt;
}

}  // namespace

EProcess::EProcess(double null_mean, double margin) : null_mean_(null_mean), margin_(margin) {}

void EProcess::add(double value) {
  const double t = cases_ + 1.0;
  const double mean = sum_ / t;
  const double spread = squares_ / (t + 1.0);
  const double most = 0.75 / (1.0 + null_mean_);
  const double fixed = std::min(margin_ / (spread + margin_ * margin_), most);
  const double edge = mean - null_mean_;
  const double adaptive = std::clamp(edge / (spread + edge * edge), 0.0, most);
  fixed_ += std::log1p(fixed * (value - null_mean_));
  adaptive_ += std::log1p(adaptive * (value - null_mean_));
  sum_ += value;
  squares_ += (value - mean) * (value - sum_ / (t + 1.0));
  cases_ = t;
}

double EProcess::log_e() const { return log_mean(fixed_, adaptive_); }

SequentialGate::SequentialGate(double margin, double range)
    : range_(range), pass_(-margin / range, margin / range), regression_(0.0, margin / range) {}

void SequentialGate::add(double difference) {
  const double value = difference / range_;
  pass_.add(value);
  regression_.add(-value);
  ++cases_;
}

std::string_view name(EarlyVerdict verdict) {
  switch (verdict) {
    case EarlyVerdict::inconclusive:
      return "inconclusive";
    case EarlyVerdict::pass:
      return "pass";
    case EarlyVerdict::regression:
      return "regression";
  }
  return "";
}

EarlyVerdict early_verdict(std::span<const SequentialGate> metrics, double alpha) {
  if (metrics.empty()) return EarlyVerdict::inconclusive;
  const double regression = std::log(static_cast<double>(metrics.size()) / alpha);
  const double pass = std::log(1.0 / alpha);
  if (std::ranges::any_of(
          metrics, [&](const SequentialGate& m) { return m.log_e_regression() >= regression; }))
    return EarlyVerdict::regression;
  if (std::ranges::all_of(metrics, [&](const SequentialGate& m) { return m.log_e_pass() >= pass; }))
    return EarlyVerdict::pass;
  return EarlyVerdict::inconclusive;
}

Tested<SequentialRun> sequential_gate(std::span<const double> differences, double margin,
                                      double range, double alpha) {
  if (auto refusal = check_alpha(alpha)) return *refusal;
  if (auto refusal = check_range(range)) return *refusal;
  if (!(margin > 0.0 && margin < range))
    return invalid_input("sequential_needs_margin",
                         "stopping early needs a margin above 0 and below the range");
  if (auto refusal = check_within(differences, -range, range)) return *refusal;
  const double threshold = std::log(1.0 / alpha);
  SequentialGate gate(margin, range);
  SequentialRun run;
  for (const double d : differences) {
    gate.add(d);
    run.path_pass.push_back(gate.log_e_pass());
    run.path_regression.push_back(gate.log_e_regression());
    if (run.stop) continue;
    run.log_e_pass = gate.log_e_pass();
    run.log_e_regression = gate.log_e_regression();
    if (run.log_e_regression >= threshold)
      run.verdict = EarlyVerdict::regression;
    else if (run.log_e_pass >= threshold)
      run.verdict = EarlyVerdict::pass;
    else
      continue;
    run.stop = gate.cases();
  }
  return run;
}

namespace {

constexpr double kTruncation = 0.5;

// Bets of the empirical-Bernstein kind: lambda_t = sqrt(2 ln(1/a)/(V_{t-1} t ln(1+t))), where V
// starts from one imagined value with mean 1/2 and variance 1/4.
class Bets {
 public:
  explicit Bets(double alpha) : numerator_(2.0 * std::log(1.0 / alpha)) {}
  double next() const {
    const double t = count_ + 1.0;
    return std::sqrt(numerator_ / (variance_ * t * std::log1p(t)));
  }
  void add(double x) {
    count_ += 1.0;
    sum_ += x;
    const double centre = (0.5 + sum_) / (count_ + 1.0);
    squares_ += (x - centre) * (x - centre);
    variance_ = (0.25 + squares_) / (count_ + 1.0);
  }

 private:
  double numerator_, count_ = 0.0, sum_ = 0.0, squares_ = 0.0, variance_ = 0.25;
};

// Lower bounds at 1 - alpha of the values, or of 1 minus the values. The deviation of a value is
// taken from the mean of those before it, of the first value from 0, as in the authors' program.
std::vector<double> lower_bounds(std::span<const double> values, double alpha, bool mirrored) {
  Bets bets(alpha);
  std::vector<double> bounds;
  double weights = 0.0, weighted = 0.0, penalty = 0.0, sum = 0.0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double x = mirrored ? 1.0 - values[i] : values[i];
    const double lambda = std::min(kTruncation, bets.next());
    const double before = i == 0 ? 0.0 : sum / static_cast<double>(i);
    weights += lambda;
    weighted += lambda * x;
    penalty += (x - before) * (x - before) * (-std::log1p(-lambda) - lambda);
    bounds.push_back(std::max(0.0, (weighted - std::log(1.0 / alpha) - penalty) / weights));
    sum += x;
    bets.add(x);
  }
  return bounds;
}

}  // namespace

Tested<ConfidenceSequence> empirical_bernstein(std::span<const double> values, double alpha) {
  if (auto refusal = check_alpha(alpha)) return *refusal;
  if (auto refusal = check_within(values, 0.0, 1.0)) return *refusal;
  ConfidenceSequence sequence{lower_bounds(values, alpha / 2.0, false),
                              lower_bounds(values, alpha / 2.0, true)};
  for (double& bound : sequence.upper) bound = 1.0 - bound;
  return sequence;
}

Tested<std::vector<double>> hedged_log_wealth(std::span<const double> values, double m,
                                              double alpha) {
  if (auto refusal = check_alpha(alpha)) return *refusal;
  if (!(m > 0.0 && m < 1.0))
    return invalid_input("bad_probability", "the mean under test lies between 0 and 1");
  if (auto refusal = check_within(values, 0.0, 1.0)) return *refusal;
  Bets bets(alpha / 2.0);
  double above = 0.0, below = 0.0;
  std::vector<double> path;
  for (const double x : values) {
    const double lambda = bets.next();
    above += std::log1p(std::min(lambda, kTruncation / m) * (x - m));
    below += std::log1p(-std::min(lambda, kTruncation / (1.0 - m)) * (x - m));
    path.push_back(std::max(above, below) - std::log(2.0));
    bets.add(x);
  }
  return path;
}

}  // namespace llmops::stats
