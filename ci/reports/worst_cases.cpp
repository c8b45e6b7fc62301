#include "ci/reports/worst_cases.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "ci/reports/layout.h"

namespace llmops {
namespace {

int rank(const MetricComparison& compared) {
  if (compared.outcome == Outcome::fail) return 0;
  if (compared.outcome == Outcome::inconclusive) return 1;
  return compared.measure.builtin ? 3 : 2;
}

// Ids in the order of interest, each with the metrics that brought it here.
using Picks = std::vector<std::pair<std::string, std::vector<std::string>>>;

Picks largest_losses(const Comparison& comparison, std::size_t most) {
  std::vector<const MetricComparison*> order;
  for (const MetricComparison& compared : comparison.metrics) order.push_back(&compared);
  std::stable_sort(order.begin(), order.end(),
                   [](const auto* a, const auto* b) { return rank(*a) < rank(*b); });
  Picks picks;
  for (const MetricComparison* compared : order) {
    if (rank(*compared) == 3) continue;  // a slower call alone is no case to read
    for (const auto& entry : compared->worst) {
      if (!(entry.second < 0)) continue;
      const auto found = std::find_if(picks.begin(), picks.end(),
                                      [&](const auto& pick) { return pick.first == entry.first; });
      if (found != picks.end())
        found->second.push_back(compared->metric);
      else if (picks.size() < most)
        picks.push_back({entry.first, {compared->metric}});
    }
  }
  return picks;
}

Picks lowest_scores(const ReportInput& input, std::size_t most) {
  const std::vector<Measure>& measures = input.rows.header().measures;
  const auto lead = std::find_if(measures.begin(), measures.end(), [](const Measure& measure) {
    return !measure.builtin && measure.better != Better::neither;
  });
  struct Entry {
    double badness;
    std::string id;
    bool operator<(const Entry& other) const {
      return badness > other.badness || (badness == other.badness && id < other.id);
    }
  };
  std::vector<Entry> worst;
  CaseRow row;
  for (const auto rows = input.rows.rows(); rows->next(row);) {
    std::optional<double> badness;
    if (row.failed > 0) badness = HUGE_VAL;
    if (!badness && lead != measures.end()) {
      const std::size_t column = static_cast<std::size_t>(lead - measures.begin());
      const std::optional<double> value =
          column < row.values.size() ? row.values[column] : std::nullopt;
      const bool up = lead->better == Better::higher;
      const bool perfect = value && *value == (up ? lead->range.high : lead->range.low);
      if (value && !perfect) badness = up ? -*value : *value;
    }
    if (!badness) continue;
    worst.insert(std::upper_bound(worst.begin(), worst.end(), Entry{*badness, row.id}),
                 {*badness, row.id});
    if (worst.size() > most) worst.pop_back();
  }
  Picks picks;
  for (const Entry& entry : worst) {
    picks.push_back({entry.id, {}});
    if (lead != measures.end()) picks.back().second.push_back(lead->name);
  }
  return picks;
}

std::map<std::string, CaseRow> rows_of(const RunSource& run, const Picks& picks) {
  std::map<std::string, CaseRow> found;
  CaseRow row;
  for (const auto rows = run.rows(); found.size() < picks.size() && rows->next(row);)
    if (std::any_of(picks.begin(), picks.end(),
                    [&](const auto& pick) { return pick.first == row.id; }))
      found[row.id] = row;
  return found;
}

std::optional<double> value_of(const std::map<std::string, CaseRow>& rows, const RunHeader& header,
                               const std::string& id, const std::string& measure) {
  const auto row = rows.find(id);
  if (row == rows.end()) return std::nullopt;
  for (std::size_t i = 0; i < header.measures.size() && i < row->second.values.size(); ++i)
    if (header.measures[i].name == measure) return row->second.values[i];
  return std::nullopt;
}

// Baselines without stored rows still tell the difference of their worst cases.
std::optional<double> baseline_from_loss(const Comparison& comparison, const std::string& id,
                                         const std::string& measure,
                                         std::optional<double> candidate) {
  for (const MetricComparison& compared : comparison.metrics) {
    if (compared.metric != measure || !candidate) continue;
    for (const auto& entry : compared.worst)
      if (entry.first == id)
        return *candidate -
               (compared.measure.better == Better::lower ? -entry.second : entry.second);
  }
  return std::nullopt;
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

}  // namespace

WorstCases worst_cases(const ReportInput& input, std::size_t most) {
  WorstCases out;
  Picks picks;
  if (input.comparison != nullptr) {
    picks = largest_losses(*input.comparison, most);
    out.title = "Cases that lost most";
  }
  if (picks.empty() && (input.comparison == nullptr || input.run.counts.failed > 0)) {
    picks = lowest_scores(input, most);
    out.title = input.run.counts.failed > 0 ? "Failed calls and lowest scores" : "Lowest scores";
  }
  if (picks.empty()) return out;

  const std::map<std::string, CaseRow> candidate = rows_of(input.rows, picks);
  std::map<std::string, CaseRow> baseline;
  if (input.baseline_rows != nullptr) baseline = rows_of(*input.baseline_rows, picks);
  for (const auto& pick : picks) {
    CaseChange change;
    change.id = pick.first;
    if (const auto row = candidate.find(pick.first); row != candidate.end())
      change.failed = row->second.failed;
    for (const std::string& name : pick.second) {
      CaseChange::Score score{name, nullptr, std::nullopt,
                              value_of(candidate, input.rows.header(), change.id, name)};
      for (const Measure& measure : input.rows.header().measures)
        if (measure.name == name) score.facts = &measure;
      if (input.baseline_rows != nullptr)
        score.baseline = value_of(baseline, input.baseline_rows->header(), change.id, name);
      if (!score.baseline && input.comparison != nullptr)
        score.baseline = baseline_from_loss(*input.comparison, change.id, name, score.candidate);
      if (score.facts != nullptr) change.scores.push_back(std::move(score));
    }
    out.cases.push_back(std::move(change));
  }
  return out;
}

std::optional<std::string> output_text(const OutputSource* outputs, const std::string& case_id) {
  if (outputs == nullptr) return std::nullopt;
  const std::vector<SampleView> samples = outputs->samples(case_id);
  if (samples.empty()) return std::nullopt;
  const Sample& sample = samples.front().sample;
  if (sample.error) return fmt::format("({}: {})", name(sample.error.kind), sample.error.message);
  return sample.text;
}

OutputExcerpt excerpt(const ReportInput& input, const std::string& case_id, std::size_t lines,
                      std::size_t bytes) {
  const std::optional<std::string> old_text = output_text(input.baseline_outputs, case_id);
  const std::optional<std::string> new_text = output_text(input.outputs, case_id);
  OutputExcerpt out;
  const auto passage = [&](const std::string& text, std::size_t from) {
    std::vector<std::string> kept;
    for (const std::string& line : lines_of(head_bytes(std::string_view(text).substr(from), bytes)))
      if (kept.size() < lines && line.find_first_not_of(" \t\r") != std::string::npos)
        kept.push_back(line);
    if (kept.empty()) kept.push_back(text.empty() ? "(empty)" : "(blank)");
    if (from > 0) kept.front() = "… " + kept.front();
    return kept;
  };
  std::size_t from = 0;
  if (old_text && new_text && *old_text != *new_text) {
    const auto apart =
        std::mismatch(old_text->begin(), old_text->end(), new_text->begin(), new_text->end());
    const auto same = static_cast<std::size_t>(apart.first - old_text->begin());
    const std::size_t line_break = same == 0 ? std::string::npos : old_text->rfind('\n', same - 1);
    from = line_break == std::string::npos ? 0 : line_break + 1;
  }
  if (old_text) out.baseline = passage(*old_text, from);
  const auto row =
      old_text || input.outputs == nullptr ? std::nullopt : input.outputs->find_case(case_id);
  if (row && !row->references.empty()) out.reference = passage(row->references.back(), 0);
  if (new_text) out.candidate = passage(*new_text, from);
  return out;
}

}  // namespace llmops
