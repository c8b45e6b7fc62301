#include "evaluators/metrics/bertscore/matching.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "evaluators/encoder/kernels.h"

namespace llmops {
namespace {

constexpr std::size_t kEmpty = 2;  // tokens of a text that says nothing
constexpr std::size_t kStrip = 48;

double weighted_mean(std::span<const float> best, std::span<const float> weights) {
  double sum = 0, total = 0;
  for (std::size_t i = 0; i < best.size(); ++i) {
    sum += static_cast<double>(weights[i]) * static_cast<double>(best[i]);
    total += static_cast<double>(weights[i]);
  }
  return sum / total;
}

double larger(double a, double b) {
  return std::isnan(a) || std::isnan(b) ? std::nan("") : std::max(a, b);
}

}  // namespace

BertScores match(const TokenVectors& candidate, const TokenVectors& reference, std::size_t width) {
  const std::size_t m = candidate.weights.size(), n = reference.weights.size(), columns = padded(n);
  if (m <= kEmpty || n <= kEmpty) return {};
  std::vector<float> turned(width * columns);
  for (std::size_t j = 0; j < n; ++j)
    for (std::size_t d = 0; d < width; ++d)
      turned[d * columns + j] = reference.vectors[j * width + d];

  std::vector<float> strip(kStrip * columns), of_candidate(m),
      of_reference(n, -std::numeric_limits<float>::infinity());
  for (std::size_t start = 0; start < m; start += kStrip) {
    const std::size_t rows = std::min(kStrip, m - start);
    kernels().multiply(candidate.vectors.data() + start * width, width, turned.data(), columns,
                       strip.data(), columns, rows, columns, width);
    for (std::size_t i = 0; i < rows; ++i) {
      const float* row = strip.data() + i * columns;
      of_candidate[start + i] = *std::max_element(row, row + n);
      for (std::size_t j = 0; j < n; ++j) of_reference[j] = std::max(of_reference[j], row[j]);
    }
  }
  BertScores scores;
  scores.precision = weighted_mean(of_candidate, candidate.weights);
  scores.recall = weighted_mean(of_reference, reference.weights);
  scores.f1 = 2 * scores.precision * scores.recall / (scores.precision + scores.recall);
  if (std::isnan(scores.f1)) scores.f1 = 0.0;
  return scores;
}

BertScores best(const BertScores& a, const BertScores& b) {
  return {larger(a.precision, b.precision), larger(a.recall, b.recall), larger(a.f1, b.f1)};
}

}  // namespace llmops
