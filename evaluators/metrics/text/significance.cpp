#include "evaluators/metrics/text/significance.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

#include "datasets/parallel.h"
#include "evaluators/metrics/text/numpy_random.h"

namespace llmops {
namespace {

std::vector<double> sums_of(const CountTable& system) {
  std::vector<double> sums(system.width, 0.0);
  for (std::size_t i = 0; i < system.rows.size(); ++i) sums[i % system.width] += system.rows[i];
  return sums;
}

double score_of(const CountTable& system, const CountFigure& figure) {
  return figure(sums_of(system), false);
}

// The first bit that is set from `from` on; `end` where there is none before it.
std::size_t next_set(const std::vector<std::uint32_t>& bits, std::size_t from, std::size_t end) {
  while (from < end) {
    const std::uint32_t word = bits[from / 32] >> from % 32;
    if (word != 0) return std::min(end, from + static_cast<std::size_t>(std::countr_zero(word)));
    from = (from / 32 + 1) * 32;
  }
  return end;
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

// Rows are added up a vector of columns at a time: the order within a column, which decides the
// last bit of a float, stays that of the reference.
template <typename Number>
struct Block {
  static constexpr std::size_t kSize = 16 / sizeof(Number);
  typedef Number Type __attribute__((vector_size(16)));
};

// Rows of a table, each padded with zeros to whole vectors.
template <typename Number>
class Rows {
 public:
  using Vector = typename Block<Number>::Type;
  static constexpr std::size_t kMost = 8;  // vectors that stay in registers

  Rows(std::span<const double> numbers, std::size_t width)
      : width_(width),
        blocks_((width + Block<Number>::kSize - 1) / Block<Number>::kSize),
        vectors_(width == 0 ? 0 : numbers.size() / width * blocks_) {
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const std::size_t column = i % width;
      vectors_[i / width * blocks_ + column / Block<Number>::kSize][column % Block<Number>::kSize] =
          static_cast<Number>(numbers[i]);
    }
  }

  // What the rows that `next` names one after another add up to; `next` returns false at the end.
  template <typename Next>
  std::vector<double> sum(Next next) const {
    std::vector<Vector> sums(blocks_, Vector{});
    // As many columns at once as there are registers for.
    if (blocks_ <= kMost)
      add_up<kMost>(next, sums);
    else
      for (std::size_t row = 0; next(row);)
        for (std::size_t b = 0; b < blocks_; ++b) sums[b] += vectors_[row * blocks_ + b];
    std::vector<double> result(width_);
    for (std::size_t c = 0; c < width_; ++c)
      result[c] = sums[c / Block<Number>::kSize][c % Block<Number>::kSize];
    return result;
  }

 private:
  template <std::size_t kBlocks, typename Next>
  void add_up(Next& next, std::vector<Vector>& sums) const {
    if constexpr (kBlocks > 1) {
      if (blocks_ < kBlocks) return add_up<kBlocks - 1>(next, sums);
    }
    if (blocks_ == 0) return;
    Vector kept[kBlocks] = {};
    for (std::size_t row = 0; next(row);) {
      const Vector* from = vectors_.data() + row * kBlocks;
      for (std::size_t b = 0; b < kBlocks; ++b) kept[b] += from[b];
    }
    std::copy(kept, kept + kBlocks, sums.begin());
  }
  std::size_t width_, blocks_;
  std::vector<Vector> vectors_;
};

std::vector<std::uint32_t> resampling(NumpyGenerator& generator, std::size_t segments,
                                      std::size_t samples) {
  return generator.choice(segments, segments * samples);
}

}  // namespace

std::vector<double> bootstrap_scores(const CountTable& system, const CountFigure& figure,
                                     std::span<const std::uint32_t> indices, std::size_t samples) {
  const std::size_t segments = system.segments();
  const Rows<float> rows(system.rows, system.width);
  std::vector<double> scores(samples);
  parallel_for(samples, [&](std::size_t s) {
    const std::uint32_t* at = indices.data() + s * segments;
    const std::uint32_t* const end = at + segments;
    const std::vector<double> sums = rows.sum([&](std::size_t& row) {
      if (at == end) return false;
      row = *at++;
      return true;
    });
    scores[s] = figure(sums, true);
  });
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
  const std::vector<std::uint32_t> swaps = generator.booleans(trials * segments);
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
    // Where the systems change places the baseline's sums gain what the system has more.
    std::vector<double> more(system.rows.size());
    for (std::size_t i = 0; i < more.size(); ++i) more[i] = baseline.rows[i] - system.rows[i];
    const Rows<double> rows(more, width);
    const std::vector<double> own = sums_of(baseline), other = sums_of(system);
    std::vector<double> differences(trials);
    parallel_for(trials, [&](std::size_t t) {
      std::size_t place = t * segments;
      const std::size_t end = place + segments;
      const std::vector<double> gained = rows.sum([&](std::size_t& row) {
        place = next_set(swaps, place, end);
        if (place == end) return false;
        row = place++ - (end - segments);
        return true;
      });
      std::vector<double> a(other), b(own);
      for (std::size_t k = 0; k < width; ++k) {
        a[k] += gained[k];
        b[k] -= gained[k];
      }
      differences[t] = std::abs(figure(a, false) - figure(b, false));
    });
    result.p = p_of(differences, std::abs(result.score - results.front().score));
    if (confidence_samples > 0)
      add_interval(result, bootstrap_scores(system, figure, indices, confidence_samples));
    results.push_back(result);
  }
  return results;
}

}  // namespace llmops
