#include "ci/drift.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "ci/compare/row_pairs.h"
#include "ci/gate/wording.h"
#include "ci/stats/distributions.h"
#include "ci/stats/drift.h"
#include "ci/stats/moments.h"
#include "ci/stats/quantile.h"
#include "ci/stats/resampling.h"

namespace llmops {
namespace {

// Of few cases the index is large by chance alone, and raises nothing.
constexpr double kChance = 0.01;

// Two samples of one distribution have an index of about (1/n + 1/m) times a chi-square with one
// degree of freedom less than there are bins (Yurdakul 2018); fewer bins, as with ties, make it
// smaller.
double chance_of(double stability, std::size_t n, std::size_t m, int bins) {
  const double scale = 1.0 / static_cast<double>(n) + 1.0 / static_cast<double>(m);
  return stats::chi_square_sf(stability / scale, bins - 1);
}

std::vector<std::vector<double>> values_of(const RunSource& run,
                                           const std::vector<MeasureColumn>& columns) {
  std::vector<std::vector<double>> values(columns.size());
  CaseRow row;
  for (const auto rows = run.rows(); rows->next(row);)
    for (std::size_t i = 0; i < columns.size(); ++i)
      if (const auto value = columns[i].value(row)) values[i].push_back(*value);
  return values;
}

void raise(DriftFinding& finding, DriftLevel level, std::string why) {
  if (level > finding.level) finding.level = level;
  finding.why += (finding.why.empty() ? "" : "; ") + std::move(why);
}

bool zero_or_one(std::span<const double> values) {
  return std::ranges::all_of(values, [](double value) { return value == 0 || value == 1; });
}

void add_distances(DriftFinding& finding, const Measure& measure, std::span<const double> before,
                   std::span<const double> after) {
  if (measure.kind == ScoreKind::binary && zero_or_one(before) && zero_or_one(after)) {
    const auto counts = [](std::span<const double> values) {
      const std::int64_t ones = std::ranges::count(values, 1.0);
      return std::array<std::int64_t, 2>{std::ssize(values) - ones, ones};
    };
    const auto b = counts(before), c = counts(after);
    if (const auto divergence = stats::jensen_shannon(b, c))
      finding.divergence_bits = divergence->divergence_bits;
    if (const auto stability = stats::population_stability(b, c)) {
      finding.stability = *stability;
      finding.stability_p = chance_of(*stability, before.size(), after.size(), 2);
    }
    return;
  }
  if (const auto stability = stats::population_stability_of_values(before, after)) {
    finding.stability = *stability;
    finding.stability_p = chance_of(*stability, before.size(), after.size(), 10);
  }
  if (const auto ks = stats::kolmogorov_smirnov(before, after)) {
    finding.ks = ks->d;
    finding.ks_p = ks->p_exact.value_or(ks->p_asymptotic);
  }
}

void judge_stability(DriftFinding& finding, const DriftLevels& levels) {
  if (!finding.stability || *finding.stability < levels.stability_notice ||
      *finding.stability_p > kChance)
    return;
  const bool alarm = *finding.stability >= levels.stability_alarm;
  raise(finding, alarm ? DriftLevel::alarm : DriftLevel::notice,
        fmt::format("the distribution moved (stability index {}, {} at {})",
                    figure(*finding.stability), alarm ? "alarm" : "notice",
                    figure(alarm ? levels.stability_alarm : levels.stability_notice)));
}

void judge_increase(DriftFinding& finding, std::string_view what, double before, double after,
                    double allowed) {
  if (before <= 0 || after / before - 1 < allowed) return;
  raise(finding, DriftLevel::alarm,
        fmt::format("{} rose by {}, from {} to {} (alert at {})", what, percent(after / before - 1),
                    figure(before), figure(after), percent(allowed)));
}

void judge_drop(DriftFinding& finding, const Measure& measure, double allowed) {
  const double range = measure.range.high - measure.range.low;
  const double sign = measure.better == Better::lower ? -1 : 1;
  const double loss = sign * (*finding.baseline_mean - *finding.current_mean) / range;
  if (measure.better == Better::neither || loss < allowed) return;
  raise(finding, DriftLevel::alarm,
        fmt::format("the mean got worse by {} of the range, from {} to {} (alert at {})",
                    percent(loss), figure(*finding.baseline_mean), figure(*finding.current_mean),
                    percent(allowed)));
}

DriftFinding judged(const Measure& measure, std::vector<double> before, std::vector<double> after,
                    const DriftLevels& levels) {
  DriftFinding finding{
      .measure = measure.name, .baseline_n = std::ssize(before), .current_n = std::ssize(after)};
  if (before.empty() || after.empty()) {
    finding.why = fmt::format("not measured, because no call of {} gave a value",
                              before.empty() && after.empty() ? "either set"
                              : before.empty()                ? "the baseline"
                                                              : "the current set");
    return finding;
  }
  finding.baseline_mean = stats::mean(before);
  finding.current_mean = stats::mean(after);
  finding.baseline_p95 = *stats::quantile(before, 0.95);
  finding.current_p95 = *stats::quantile(after, 0.95);
  add_distances(finding, measure, before, after);
  judge_stability(finding, levels);
  if (measure.name == "ttft")
    judge_increase(finding, "p95", *finding.baseline_p95, *finding.current_p95,
                   levels.ttft_p95_increase);
  if (measure.unit == "tokens" && measure.better == Better::lower)
    judge_increase(finding, "the mean", *finding.baseline_mean, *finding.current_mean,
                   levels.tokens_increase);
  if (measure.kind == ScoreKind::binary || measure.kind == ScoreKind::bounded)
    judge_drop(finding, measure, levels.score_drop);
  return finding;
}

}  // namespace

std::string_view name(DriftLevel level) {
  switch (level) {
    case DriftLevel::alarm:
      return "alarm";
    case DriftLevel::notice:
      return "notice";
    case DriftLevel::none:
      break;
  }
  return "none";
}

std::vector<DriftFinding> find_drift(const RunSource& baseline, const RunSource& current,
                                     const DriftLevels& levels) {
  std::vector<MeasureColumn> in_baseline, in_current;
  for (const Measure& measure : baseline.header().measures) {
    const auto before = MeasureColumn::find(baseline.header(), measure.name),
               after = MeasureColumn::find(current.header(), measure.name);
    if (!after) continue;
    in_baseline.push_back(*before);
    in_current.push_back(*after);
  }
  auto before = values_of(baseline, in_baseline), after = values_of(current, in_current);
  std::vector<DriftFinding> findings;
  for (std::size_t i = 0; i < in_baseline.size(); ++i)
    if (!before[i].empty() || !after[i].empty())
      findings.push_back(
          judged(in_current[i].measure(), std::move(before[i]), std::move(after[i]), levels));
  return findings;
}

DriftFinding find_embedding_drift(const std::vector<std::vector<double>>& baseline,
                                  const std::vector<std::vector<double>>& current,
                                  const DriftLevels& levels, std::uint64_t seed) {
  DriftFinding finding{.measure = "embeddings",
                       .baseline_n = std::ssize(baseline),
                       .current_n = std::ssize(current)};
  const auto drift =
      stats::centroid_drift(baseline, current, stats::stream_of(seed, "embeddings", "centroid"));
  if (!drift) {
    finding.why = drift.refusal().sentence;
    return finding;
  }
  finding.centroid_distance = drift->distance;
  finding.centroid_p = drift->p;
  if (drift->distance >= levels.centroid_distance)
    raise(finding, DriftLevel::alarm,
          fmt::format("the mean embedding moved by {} (1 - cosine, {}; alert at {})",
                      figure(drift->distance), p_text(drift->p), figure(levels.centroid_distance)));
  return finding;
}

}  // namespace llmops
