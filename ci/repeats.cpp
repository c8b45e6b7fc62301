#include "ci/repeats.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ci/gate/wording.h"

namespace llmops {
namespace {

constexpr std::size_t kMostFlaky = 50;  // kept of a measure
constexpr std::size_t kNamed = 5;       // in a sentence
constexpr double kWideShare = 0.25;     // of the range: a deviation that makes a case flaky
constexpr std::string_view kDraws = ".draw_variance";

// Welford 1962.
struct Running {
  std::int64_t n = 0;
  double mean = 0, squares = 0;
  void add(double value) {
    const double delta = value - mean;
    mean += delta / static_cast<double>(++n);
    squares += delta * (value - mean);
  }
  double variance() const { return n > 1 ? squares / static_cast<double>(n - 1) : 0.0; }
};

bool is_flaky(const Measure& measure, double variance) {
  if (measure.kind == ScoreKind::binary) return variance > 0;
  const double range = measure.range.high - measure.range.low;
  return measure.kind == ScoreKind::bounded && std::sqrt(variance) >= kWideShare * range;
}

class Gathering {
 public:
  Gathering(const RunHeader& header, std::size_t index) : index_(index) {
    out_.measure = &header.measures[index];
    const auto draws = std::ranges::find(header.measures, out_.measure->name + std::string(kDraws),
                                         &Measure::name);
    if (draws != header.measures.end())
      draws_ = static_cast<std::size_t>(draws - header.measures.begin());
  }

  void add(const CaseRow& row) {
    if (index_ >= row.values.size() || !row.values[index_]) return;
    const int answers = std::max(1, row.samples - row.failed);
    means_.add(*row.values[index_]);
    inverse_.add(1.0 / answers);
    if (index_ >= row.variances.size() || !row.variances[index_]) return;
    ++out_.cases;
    const double variance = *row.variances[index_];
    within_.add(variance);
    if (draws_ && *draws_ < row.values.size() && row.values[*draws_])
      judge_.add(*row.values[*draws_]);
    if (is_flaky(*out_.measure, variance)) note({row.id, *row.values[index_], variance, answers});
  }

  RepeatedMeasure take() {
    if (means_.n > 1 && within_.n > 0) {
      const double within = within_.mean;
      out_.between_cases = std::max(0.0, means_.variance() - within * inverse_.mean);
      if (judge_.n > 0) out_.of_judge = std::min(within, judge_.mean);
      out_.between_samples = within - out_.of_judge.value_or(0.0);
    }
    std::ranges::sort(out_.flaky, &more_variable);
    return std::move(out_);
  }

 private:
  static bool more_variable(const FlakyCase& a, const FlakyCase& b) {
    return a.variance != b.variance ? a.variance > b.variance : a.id < b.id;
  }
  // The most variable so far, as a heap with the least variable on top.
  void note(FlakyCase found) {
    ++out_.flaky_count;
    out_.flaky.push_back(std::move(found));
    std::ranges::push_heap(out_.flaky, &more_variable);
    if (out_.flaky.size() <= kMostFlaky) return;
    std::ranges::pop_heap(out_.flaky, &more_variable);
    out_.flaky.pop_back();
  }

  std::size_t index_;
  std::optional<std::size_t> draws_;
  Running means_, inverse_, within_, judge_;
  RepeatedMeasure out_;
};

std::string shown(const FlakyCase& flaky, const Measure& measure) {
  if (measure.kind != ScoreKind::binary)
    return fmt::format("{} ({:.2f} ± {:.2f})", flaky.id, flaky.mean, std::sqrt(flaky.variance));
  return fmt::format("{} ({} of {})", flaky.id,
                     static_cast<int>(std::lround(flaky.mean * flaky.samples)), flaky.samples);
}

Finding flaky_finding(const RepeatedMeasure& found) {
  Finding finding{.kind = "flaky", .subject = found.measure->name, .unit = ""};
  finding.sentence = fmt::format(
      "{} of {} {} flaky: their samples disagree on {}: ", found.flaky_count,
      counted(found.cases, "case"), found.flaky_count == 1 ? "is" : "are", found.measure->name);
  for (std::size_t i = 0; i < found.flaky.size(); ++i) {
    if (i < kNamed)
      finding.sentence += (i == 0 ? "" : ", ") + shown(found.flaky[i], *found.measure);
    finding.parts.push_back({found.flaky[i].id, found.flaky[i].mean});
  }
  if (found.flaky_count > static_cast<std::int64_t>(kNamed)) finding.sentence += ", ...";
  return finding;
}

std::optional<Finding> variance_finding(const RepeatedMeasure& found) {
  if (!found.between_cases || !found.between_samples) return std::nullopt;
  const double judge = found.of_judge.value_or(0.0);
  const double all = *found.between_cases + *found.between_samples + judge;
  if (all <= 0) return std::nullopt;
  Finding finding{.kind = "variance", .subject = found.measure->name, .unit = ""};
  finding.parts = {
      {"cases",   *found.between_cases  },
      {"samples", *found.between_samples}
  };
  finding.sentence = fmt::format(
      "{} varies by {} from sample to sample: {} of that lies between cases, {} between the "
      "samples of a case",
      found.measure->name, figure(std::sqrt(all)), percent(*found.between_cases / all),
      percent(*found.between_samples / all));
  if (found.of_judge) {
    finding.parts.push_back({"judge", judge});
    finding.sentence += fmt::format(", {} in the judge", percent(judge / all));
  }
  return finding;
}

}  // namespace

std::vector<RepeatedMeasure> find_repeats(const RunSource& run) {
  const RunHeader& header = run.header();
  std::vector<Gathering> gathering;
  for (std::size_t i = 0; i < header.measures.size(); ++i) {
    const Measure& measure = header.measures[i];
    if (!measure.builtin && measure.reduce.empty() && measure.better != Better::neither &&
        !measure.name.ends_with(kDraws))
      gathering.emplace_back(header, i);
  }
  CaseRow row;
  for (const auto rows = run.rows(); rows->next(row);)
    for (Gathering& each : gathering) each.add(row);
  std::vector<RepeatedMeasure> repeats;
  for (Gathering& each : gathering)
    if (RepeatedMeasure found = each.take(); found.cases > 0) repeats.push_back(std::move(found));
  return repeats;
}

std::vector<Finding> repeat_findings(const RunSource& run) {
  std::vector<Finding> findings;
  if (run.header().samples_per_case < 2) return findings;
  const std::vector<RepeatedMeasure> repeats = find_repeats(run);
  for (const RepeatedMeasure& each : repeats)
    if (each.flaky_count > 0) findings.push_back(flaky_finding(each));
  for (const RepeatedMeasure& each : repeats)
    if (auto finding = variance_finding(each)) findings.push_back(*std::move(finding));
  return findings;
}

}  // namespace llmops
