#include "evaluators/reduce.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

namespace llmops {
namespace {

using Kind = Reducer::Kind;

constexpr int kMostSamples = 1000;  // of a suite

struct Named {
  std::string_view prefix;
  Kind kind;
};
constexpr Named kCounted[] = {
    {"at_least_", Kind::at_least},
    {"pass@",     Kind::pass_any},
    {"pass^",     Kind::pass_all},
};
constexpr Named kPlain[] = {
    {"mean", Kind::mean},
    {"vote", Kind::vote},
    {"best", Kind::best},
};

bool passes(double score, Better better) {
  return better == Better::lower ? score <= 0 : score >= 1;
}

// C(a, k)/C(n, k), the chance that k of n drawn without replacement are among a of them.
double share_of_draws(int a, int n, int k) {
  double share = 1.0;
  for (int i = 0; i < k && share > 0; ++i)
    share *= static_cast<double>(std::max(0, a - i)) / static_cast<double>(n - i);
  return share;
}

std::optional<double> vote(std::span<const SampleScore> samples) {
  struct Option {
    std::string answer;
    double score = 0;
    int votes = 0;
  };
  std::vector<Option> options;
  const bool answers = std::ranges::any_of(
      samples, [](const SampleScore& sample) { return sample.score && !sample.answer.empty(); });
  for (const SampleScore& sample : samples) {
    if (!sample.score || (answers && sample.answer.empty())) continue;
    const std::string key = answers ? sample.answer : fmt::format("{}", *sample.score);
    const auto found = std::ranges::find(options, key, &Option::answer);
    if (found == options.end())
      options.push_back({key, *sample.score, 1});
    else
      ++found->votes;
  }
  const auto most = std::ranges::max_element(options, {}, &Option::votes);
  return most == options.end() ? std::nullopt : std::optional(most->score);
}

}  // namespace

std::optional<Reducer> read_reducer(std::string_view text) {
  for (const Named& each : kPlain)
    if (text == each.prefix) return Reducer{each.kind, 0};
  for (const Named& each : kCounted) {
    if (!text.starts_with(each.prefix)) continue;
    const std::string_view digits = text.substr(each.prefix.size());
    int k = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), k);
    if (error != std::errc{} || end != digits.data() + digits.size() || k < 1 || k > kMostSamples)
      return std::nullopt;
    return Reducer{each.kind, k};
  }
  return std::nullopt;
}

std::string name(const Reducer& reducer) {
  for (const Named& each : kPlain)
    if (each.kind == reducer.kind) return std::string(each.prefix);
  for (const Named& each : kCounted)
    if (each.kind == reducer.kind) return fmt::format("{}{}", each.prefix, reducer.k);
  return "";
}

std::optional<std::string> reducer_problem(const Reducer& reducer, const Measure& measure) {
  const bool passing = reducer.k > 0;
  if (passing && measure.kind != ScoreKind::binary)
    return fmt::format("`{}` counts samples that pass, and `{}` is no pass/fail score",
                       name(reducer), measure.name);
  if ((passing || reducer.kind == Kind::best) && measure.better == Better::neither)
    return fmt::format("`{}` needs to know which way is better, and `{}` does not say",
                       name(reducer), measure.name);
  return std::nullopt;
}

Measure reduced(const Measure& measure, const Reducer& reducer) {
  Measure made = measure;
  made.reduce = name(reducer);
  made.name = measure.name + "." + made.reduce;
  made.signature = measure.signature + "|reduce:" + made.reduce;
  if (reducer.k > 0) {
    made.kind = reducer.kind == Kind::at_least ? ScoreKind::binary : ScoreKind::bounded;
    made.range = {};
    made.better = Better::higher;
  }
  return made;
}

std::optional<double> reduce(const Reducer& reducer, Better better, int asked,
                             std::span<const SampleScore> samples) {
  int scored = 0, passed = 0;
  double sum = 0;
  std::optional<double> best;
  for (const SampleScore& sample : samples) {
    if (!sample.score) continue;
    ++scored;
    sum += *sample.score;
    passed += passes(*sample.score, better);
    if (!best || (better == Better::lower ? *sample.score < *best : *sample.score > *best))
      best = *sample.score;
  }
  switch (reducer.kind) {
    case Kind::mean:
      return scored > 0 ? std::optional(sum / scored) : std::nullopt;
    case Kind::vote:
      return vote(samples);
    case Kind::best:
      return best;
    case Kind::at_least:
      if (passed >= reducer.k) return 1.0;
      if (passed + std::max(0, asked - scored) < reducer.k) return 0.0;
      return std::nullopt;
    case Kind::pass_any:
      if (scored < reducer.k) return std::nullopt;
      return 1.0 - share_of_draws(scored - passed, scored, reducer.k);
    case Kind::pass_all:
      if (scored < reducer.k) return std::nullopt;
      return share_of_draws(passed, scored, reducer.k);
  }
  return std::nullopt;
}

CaseReducer::CaseReducer(std::span<const Measure> measures) {
  for (std::size_t i = 0; i < measures.size(); ++i) {
    const Measure& measure = measures[i];
    if (measure.reduce.empty() || measure.name.size() <= measure.reduce.size()) continue;
    const auto reducer = read_reducer(measure.reduce);
    if (!reducer) continue;
    Place place{.index = i,
                .name = measure.name,
                .reducer = *reducer,
                .better = measure.better,
                .samples = {}};
    const std::string own = measure.name.substr(0, measure.name.size() - measure.reduce.size() - 1);
    if (const auto found = std::ranges::find(measures, own, &Measure::name);
        found != measures.end())
      place.better = found->better;
    wants_answers_ = wants_answers_ || reducer->kind == Kind::vote;
    places_.push_back(std::move(place));
  }
}

void CaseReducer::add(std::span<const std::optional<double>> scores, const Answer& answer) {
  for (Place& place : places_) {
    SampleScore& sample = place.samples.emplace_back();
    if (place.index < scores.size()) sample.score = scores[place.index];
    if (place.reducer.kind == Kind::vote && sample.score) sample.answer = answer(place.name);
  }
}

void CaseReducer::finish(CaseRow& row) {
  for (Place& place : places_) {
    if (place.index < row.values.size())
      row.values[place.index] = reduce(place.reducer, place.better, row.samples, place.samples);
    if (place.index < row.variances.size()) row.variances[place.index].reset();
    place.samples.clear();
  }
}

}  // namespace llmops
