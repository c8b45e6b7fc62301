#include "ci/changed_most.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "ci/compare/row_pairs.h"

namespace llmops {
namespace {

double relative(double a, double b) {
  const double larger = std::max(std::abs(a), std::abs(b));
  return larger > 0 ? std::abs(a - b) / larger : 0.0;
}

double move_of(const ChangedCase::Score& score) {
  if (!score.baseline && !score.candidate) return 0;
  if (!score.baseline || !score.candidate) return 1;
  const Measure& facts = *score.facts;
  const bool bounded = facts.kind == ScoreKind::binary || facts.kind == ScoreKind::bounded;
  const double range = facts.range.high - facts.range.low;
  if (bounded && range > 0) return std::abs(*score.candidate - *score.baseline) / range;
  return relative(*score.baseline, *score.candidate);
}

double token_move(const ChangedCase& changed) {
  return changed.baseline_tokens && changed.candidate_tokens
             ? relative(*changed.baseline_tokens, *changed.candidate_tokens)
             : 0.0;
}

bool before(const ChangedCase& a, const ChangedCase& b) {
  return std::make_tuple(-a.change, !a.other_output, -token_move(a), std::cref(a.id)) <
         std::make_tuple(-b.change, !b.other_output, -token_move(b), std::cref(b.id));
}

struct Pair {
  const Measure* facts;
  MeasureColumn baseline, candidate;
};

}  // namespace

std::vector<ChangedCase> changed_most(const RunSource& baseline, const RunSource& candidate,
                                      std::size_t most) {
  std::vector<Pair> pairs;
  for (const Measure& measure : candidate.header().measures) {
    if (measure.builtin) continue;
    auto of_baseline = MeasureColumn::find(baseline.header(), measure.name);
    auto of_candidate = MeasureColumn::find(candidate.header(), measure.name);
    if (of_baseline && of_candidate) pairs.push_back({&measure, *of_baseline, *of_candidate});
  }
  const auto tokens_before = MeasureColumn::find(baseline.header(), "output_tokens");
  const auto tokens_after = MeasureColumn::find(candidate.header(), "output_tokens");

  std::vector<ChangedCase> found;
  for (RowPairs rows(baseline, candidate); rows.next();) {
    if (!rows.paired()) continue;
    const CaseRow& a = *rows.baseline();
    const CaseRow& b = *rows.candidate();
    ChangedCase changed{.id = a.id, .other_output = a.output != b.output};
    for (const Pair& pair : pairs)
      changed.scores.push_back(
          {pair.facts->name, pair.facts, pair.baseline.value(a), pair.candidate.value(b)});
    std::ranges::stable_sort(changed.scores, std::greater<>(), move_of);
    if (!changed.scores.empty()) changed.change = move_of(changed.scores.front());
    if ((a.failed < a.samples) != (b.failed < b.samples)) changed.change = 1;
    if (tokens_before) changed.baseline_tokens = tokens_before->value(a);
    if (tokens_after) changed.candidate_tokens = tokens_after->value(b);
    if (changed.change <= 0 && !changed.other_output) continue;
    found.push_back(std::move(changed));
    std::ranges::push_heap(found, before);
    if (found.size() <= most) continue;
    std::ranges::pop_heap(found, before);
    found.pop_back();
  }
  std::ranges::sort(found, before);
  return found;
}

}  // namespace llmops
