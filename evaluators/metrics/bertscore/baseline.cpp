#include "evaluators/metrics/bertscore/baseline.h"

#include <charconv>
#include <cmath>

#include "datasets/text/files.h"

namespace llmops {
namespace {

// The first four numbers of a line.
std::optional<std::vector<double>> read_numbers(std::string_view line) {
  std::vector<double> numbers;
  while (numbers.size() < 4) {
    const std::size_t comma = std::min(line.find(','), line.size());
    std::string_view field = line.substr(0, comma);
    while (!field.empty() && field.front() == ' ') field.remove_prefix(1);
    double number = 0;
    const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), number);
    if (error != std::errc() || !std::isfinite(number)) return std::nullopt;
    numbers.push_back(number);
    if (comma == line.size()) break;
    line.remove_prefix(comma + 1);
  }
  if (numbers.size() < 4) return std::nullopt;
  return numbers;
}

}  // namespace

Result<Baseline> read_baseline(const std::filesystem::path& path) {
  const Result<Source> source = read_source(path);
  if (!source) return source.problems();
  Baseline baseline;
  Diagnostics problems;
  for (std::uint32_t number = 2; !source->line(number).empty(); ++number) {
    const auto row = read_numbers(source->line(number));
    if (!row || (*row)[1] >= 1 || (*row)[2] >= 1 || (*row)[3] >= 1) {
      problems.push_back(source->problem({number, 1}, "not a row of a baseline",
                                         "expected LAYER,P,R,F, each below 1"));
      continue;
    }
    baseline.push_back({(*row)[1], (*row)[2], (*row)[3]});
  }
  if (problems.empty() && baseline.empty())
    problems.push_back(source->problem({}, "the baseline has no row",
                                       "expected a line `LAYER,P,R,F`, then one a layer"));
  if (!problems.empty()) return problems;
  return baseline;
}

std::optional<BertScores> known_baseline(std::string_view model, std::size_t layer) {
  if (model == "roberta-large" && layer == 17) return BertScores{0.83150584, 0.8314941, 0.83122575};
  return std::nullopt;
}

BertScores rescale(const BertScores& scores, const BertScores& baseline) {
  const auto scaled = [](double x, double b) { return (x - b) / (1.0 - b); };
  return {scaled(scores.precision, baseline.precision), scaled(scores.recall, baseline.recall),
          scaled(scores.f1, baseline.f1)};
}

}  // namespace llmops
