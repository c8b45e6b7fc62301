#pragma once
// The paired tests of sacrebleu 2.6.0 on the counts of its metrics, with its numbers. For the
// gate's own tests see ci/stats: this one is there so that published p-values can be had again.
//
// Two of its traits, kept on purpose: p counts with a strict ">", so systems that are equal get the
// smallest p there is; and bootstrap sums are single precision, with quotients of chrF and TER in
// single precision too.

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace llmops {

// Counts of a system, `width` numbers for each segment.
struct CountTable {
  std::size_t width = 0;
  std::vector<double> rows;
  std::size_t segments() const { return width == 0 ? 0 : rows.size() / width; }
};

// The metric's figure from summed counts; `single`: with the quotients of the bootstrap.
using CountFigure = std::function<double(std::span<const double> sums, bool single)>;

struct PairedResult {
  double score = 0;               // of all segments
  std::optional<double> p;        // against the first system, two-sided; absent for the first
  std::optional<double> mean;     // of the resampled scores
  std::optional<double> half_ci;  // half the width of the 95% interval
};

// Paired bootstrap (Koehn 2004): the same resampled segments for every system. The first system is
// the baseline; all have the same number of segments, at least one.
std::vector<PairedResult> paired_bootstrap(std::span<const CountTable> systems,
                                           const CountFigure& figure, std::size_t samples,
                                           std::uint64_t seed);

// Paired approximate randomization (Riezler and Maxwell 2005). With `confidence_samples` the mean
// and interval come from a bootstrap of that many samples.
std::vector<PairedResult> approximate_randomization(std::span<const CountTable> systems,
                                                    const CountFigure& figure, std::size_t trials,
                                                    std::size_t confidence_samples,
                                                    std::uint64_t seed);

// Scores of resampled segments of one system.
std::vector<double> bootstrap_scores(const CountTable& system, const CountFigure& figure,
                                     std::span<const std::uint32_t> indices, std::size_t samples);

}  // namespace llmops
