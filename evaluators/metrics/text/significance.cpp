#include "evaluators/metrics/text/significance.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "evaluators/metrics/text/numpy_random.h"

namespace llmops {
namespace {

double score_of(const CountTable& system, const CountFigure& figure) {
  std::vector<double> sums(system.width, 0.0);
  for (std::size_t i = 0; i < system.rows.size(); ++i) sums[i % system.width] += system.rows[i];
  return figure(sums, false);
}

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

void add_interval(PairedResult& result, std::vector<double> scores) {
  result.mean = mean_of(scores);
  std::ranges::sort(scores);
  const std::size_t cut = scores.size() / 40;
  result.half_ci = (scores[scores.size() - 1 - cut] - scores[cut]) / 2;
}

double p_of(const std::vector<double>& statistics, double real) {
  const auto above = std::ranges::count_if(statistics, [&](double each) { return each > real; });
  return static_cast<double>(above + 1) / static_cast<double>(statistics.size() + 1);
}

std::vector<std::uint32_t> resampling(NumpyGenerator& generator, std::size_t segments,
                                      std::size_t samples) {
  return generator.choice(segments, segments * samples);
}

}  // namespace

std::vector<double> bootstrap_scores(const CountTable& system, const CountFigure& figure,
                                     std::span<const std::uint32_t> indices, std::size_t samples) {
  const std::size_t segments = system.segments();
  const std::vector<float> rows(system.rows.begin(), system.rows.end());
  std::vector<float> sums(system.width);
  std::vector<double> scores;
  scores.reserve(samples);
  for (std::size_t s = 0; s < samples; ++s) {
    std::ranges::fill(sums, 0.0F);
    for (const std::uint32_t segment : indices.subspan(s * segments, segments)) {
      const float* row = rows.data() + std::size_t{segment} * system.width;
      for (std::size_t k = 0; k < system.width; ++k) sums[k] += row[k];
    }
    scores.push_back(figure(std::vector<double>(sums.begin(), sums.end()), true));
  }
  return scores;
}

std::vector<PairedResult> paired_bootstrap(std::span<const CountTable> systems,
                                           const CountFigure& figure, std::size_t samples,
                                           std::uint64_t seed) {
  NumpyGenerator generator(seed);
  const std::vector<std::uint32_t> indices =
      resampling(generator, systems.front().segments(), samples);
  std::vector<PairedResult> results;
  std::vector<double> baseline;
  for (const CountTable& system : systems) {
    PairedResult result;
    result.score = score_of(system, figure);
    const std::vector<double> scores = bootstrap_scores(system, figure, indices, samples);
    add_interval(result, scores);
    if (results.empty()) {
      baseline = scores;
    } else {
      std::vector<double> differences(samples);
      for (std::size_t s = 0; s < samples; ++s) differences[s] = std::abs(scores[s] - baseline[s]);
      const double mean = mean_of(differences);
      for (double& each : differences) each -= mean;
      result.p = p_of(differences, std::abs(result.score - results.front().score));
    }
    results.push_back(result);
  }
  return results;
}

std::vector<PairedResult> approximate_randomization(std::span<const CountTable> systems,
                                                    const CountFigure& figure, std::size_t trials,
                                                    std::size_t confidence_samples,
                                                    std::uint64_t seed) {
  const CountTable& baseline = systems.front();
  const std::size_t segments = baseline.segments();
  const std::size_t width = baseline.width;
  NumpyGenerator generator(seed);
  const std::vector<bool> swaps = generator.booleans(trials * segments);
  std::vector<std::uint32_t> indices;
  if (confidence_samples > 0) indices = resampling(generator, segments, confidence_samples);

  std::vector<PairedResult> results;
  for (const CountTable& system : systems) {
    PairedResult result;
    result.score = score_of(system, figure);
    if (results.empty()) {
      if (confidence_samples > 0) {
        NumpyGenerator fresh(seed);  // the baseline's own
        const auto own = resampling(fresh, segments, confidence_samples);
        add_interval(result, bootstrap_scores(system, figure, own, confidence_samples));
      }
      results.push_back(result);
      continue;
    }
    std::vector<double> differences(trials);
    std::vector<double> a(width), b(width);
    for (std::size_t t = 0; t < trials; ++t) {
      std::ranges::fill(a, 0.0);
      std::ranges::fill(b, 0.0);
      for (std::size_t i = 0; i < segments; ++i) {
        const double* first = baseline.rows.data() + i * width;
        const double* second = system.rows.data() + i * width;
        if (!swaps[t * segments + i]) std::swap(first, second);
        for (std::size_t k = 0; k < width; ++k) {
          a[k] += first[k];
          b[k] += second[k];
        }
      }
      differences[t] = std::abs(figure(a, false) - figure(b, false));
    }
    result.p = p_of(differences, std::abs(result.score - results.front().score));
    if (confidence_samples > 0)
      add_interval(result, bootstrap_scores(system, figure, indices, confidence_samples));
    results.push_back(result);
  }
  return results;
}

}  // namespace llmops
