#include "evaluators/scoring.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "evaluators/reduce.h"

namespace llmops {
namespace {

// `reduce:` makes further measures of the evaluator's first one.
void add_reducers(Fields& fields, Evaluator& evaluator) {
  std::set<std::string> seen;
  for (const std::string& text : fields.texts("reduce")) {
    const std::optional<Reducer> reducer = read_reducer(text);
    if (!reducer) {
      fields.error(fields.mark("reduce"), fmt::format("`{}` reduces nothing", text),
                   std::string(kReducerNames));
      continue;
    }
    if (evaluator.measures.empty() || reducer->kind == Reducer::Kind::mean) continue;
    const Measure& measure = evaluator.measures.front();
    if (const auto problem = reducer_problem(*reducer, measure)) {
      fields.error(fields.mark("reduce"), *problem, "",
                   "`min: X` makes a score pass/fail; `mean`, `vote` and `best` take any score");
      continue;
    }
    if (!seen.insert(text).second) continue;
    evaluator.votes = evaluator.votes || reducer->kind == Reducer::Kind::vote;
    evaluator.columns.push_back(evaluator.columns.front());
    evaluator.measures.push_back(reduced(measure, *reducer));
  }
}

// `faithfulness@ragas` is `faithfulness: {definition: ragas}`.
Value with_definition(const MetricInfo& info, const std::string& metric, Value options, Mark mark,
                      const Source& source, Diagnostics& problems) {
  const std::size_t at = metric.find('@');
  if (at == std::string::npos) return options;
  constexpr std::string_view kKey = "definition";
  Object* members = options.object();
  if (std::ranges::find(info.options, kKey) == info.options.end())
    problems.push_back(source.problem(mark, fmt::format("`{}` has no variants", info.name), "",
                                      fmt::format("name it `{}`", info.name), metric.size()));
  else if (members != nullptr && members->find(kKey) != nullptr)
    problems.push_back(source.problem(mark, fmt::format("`{}` names its definition twice", metric),
                                      "", "leave `definition` out", metric.size()));
  else if (members != nullptr)
    members->set(kKey, Value(metric.substr(at + 1)).at(mark));
  return options;
}

Evaluator read_evaluator(const std::string& metric, const Value& given, Mark mark,
                         const Source& source, Diagnostics& problems) {
  Evaluator evaluator;
  evaluator.info = find_metric(metric.substr(0, metric.find('@')));
  if (evaluator.info == nullptr) {
    std::vector<std::string_view> names;
    for (const MetricInfo* info : metrics()) names.push_back(info->name);
    problems.push_back(source.problem(mark, fmt::format("unknown evaluator `{}`", metric),
                                      expected_one_of(names), did_you_mean(metric, names),
                                      metric.size()));
    return evaluator;
  }
  const Value options = with_definition(*evaluator.info, metric, given, mark, source, problems);
  Fields fields(options, source, problems, fmt::format("evaluator `{}`", metric));
  evaluator.name = fields.text("as").value_or(metric);
  evaluator.negate = fields.boolean("not").value_or(false);
  evaluator.weight = fields.number("weight", {0, 1e9});
  evaluator.min = fields.number("min");
  evaluator.metric = evaluator.info->make(fields);
  if (evaluator.metric == nullptr) {
    fields.value("reduce");
    fields.finish();
    return evaluator;
  }

  const std::vector<Column>& columns = evaluator.metric->columns();
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const Column& column = columns[i];
    if (!column.headline) continue;
    Measure measure{
        .name = column.headline->empty() ? evaluator.name : evaluator.name + "." + *column.headline,
        .kind = column.kind,
        .range = column.range,
        .better = column.better};
    if (evaluator.negate && !(column.range.low == 0.0 && column.range.high == 1.0)) {
      fields.error(fields.mark("not"),
                   fmt::format("`not` on `{}`, whose scores do not lie in [0, 1]", metric), "",
                   "use `min` or a gate rule with `max`");
    }
    if (evaluator.min) {
      measure.kind = ScoreKind::binary;
      measure.range = {};
      measure.better = Better::higher;
    }
    evaluator.columns.push_back(i);
    evaluator.measures.push_back(std::move(measure));
  }
  add_reducers(fields, evaluator);
  fields.finish();
  renew_signatures(evaluator);
  return evaluator;
}

std::optional<double> adjusted(const Evaluator& evaluator, const Column& column,
                               std::optional<double> value) {
  if (!value) return value;
  if (evaluator.negate) value = 1.0 - *value;
  if (!evaluator.min) return value;
  const bool reached = column.better == Better::lower && !evaluator.negate
                           ? *value <= *evaluator.min
                           : *value >= *evaluator.min;
  return reached ? 1.0 : 0.0;
}

void leave_unscored(const Evaluator& evaluator, const std::string& why, Scores& scores) {
  scores.values.resize(scores.values.size() + evaluator.columns.size());
  if (!why.empty()) scores.notes.emplace_back(evaluator.name, why);
}

void take(const Evaluator& evaluator, const Measurement& measured, Scores& scores) {
  const std::vector<Column>& columns = evaluator.metric->columns();
  for (const std::size_t column : evaluator.columns) {
    std::optional<double> value =
        column < measured.values.size() ? measured.values[column] : std::nullopt;
    if (value && !std::isfinite(*value)) value.reset();
    scores.values.push_back(adjusted(evaluator, columns[column], value));
  }
  if (evaluator.votes && !measured.answer.empty())
    scores.notes.emplace_back(evaluator.name + ".vote", measured.answer);
  if (!measured.why.empty())
    scores.notes.emplace_back(evaluator.name, measured.why);
  else if (!measured.note.empty())
    scores.notes.emplace_back(evaluator.name, measured.note);
}

}  // namespace

void renew_signatures(Evaluator& evaluator) {
  std::string signature = evaluator.metric->signature();
  if (evaluator.negate) signature += "|not:yes";
  if (evaluator.min) signature += fmt::format("|min:{}", *evaluator.min);
  for (Measure& measure : evaluator.measures)
    measure.signature =
        measure.reduce.empty() ? signature : signature + "|reduce:" + measure.reduce;
}

std::vector<Evaluator> read_evaluators(const Value& value, const Source& source,
                                       Diagnostics& problems) {
  std::vector<Evaluator> evaluators;
  const List* items = value.list();
  if (items == nullptr) {
    problems.push_back(source.problem(value.mark(),
                                      fmt::format("`evaluators` is a {}", value.kind()),
                                      "expected a list of evaluator names"));
    return evaluators;
  }
  static const Value kNoOptions{Object{}};
  std::set<std::string> names = {"score"};
  for (const Value& item : *items) {
    const std::string* name = item.string();
    const Object* entry = item.object();
    if (name == nullptr && (entry == nullptr || entry->size() != 1)) {
      problems.push_back(
          source.problem(item.mark(), "an evaluator that is neither a name nor `name: {options}`",
                         "expected `- exact_match` or `- rouge: {variants: [rougeL]}`"));
      continue;
    }
    const Value& options =
        name != nullptr || entry->begin()->value.is_null() ? kNoOptions : entry->begin()->value;
    Evaluator evaluator = read_evaluator(name != nullptr ? *name : entry->begin()->key, options,
                                         item.mark(), source, problems);
    if (evaluator.metric == nullptr) continue;
    for (const Measure& measure : evaluator.measures)
      if (!names.insert(measure.name).second)
        problems.push_back(
            source.problem(item.mark(), fmt::format("a second evaluator gives `{}`", measure.name),
                           "", "name one of them with `as:`"));
    evaluators.push_back(std::move(evaluator));
  }
  return evaluators;
}

namespace {

bool weighted(const std::vector<Evaluator>& evaluators) {
  return std::any_of(evaluators.begin(), evaluators.end(),
                     [](const Evaluator& evaluator) { return evaluator.weight.has_value(); });
}

bool on_a_scale(const Measure& measure) {
  return measure.kind == ScoreKind::binary || measure.kind == ScoreKind::bounded;
}

// The weighted mean of what was scored on a scale; absent where a part of it is unscored, so that
// an evaluator that gives up does not raise the mean.
std::optional<double> weighted_score(const std::vector<Evaluator>& evaluators,
                                     const std::vector<std::optional<double>>& values) {
  double sum = 0, weights = 0;
  std::size_t at = 0;
  for (const Evaluator& evaluator : evaluators) {
    const auto own = std::ranges::count_if(
        evaluator.measures, [](const Measure& measure) { return measure.reduce.empty(); });
    const double weight = evaluator.weight.value_or(1.0) / static_cast<double>(own);
    for (const Measure& measure : evaluator.measures) {
      const std::optional<double> value = values[at++];
      if (!measure.reduce.empty() || !on_a_scale(measure) || weight == 0) continue;
      if (!value) return std::nullopt;
      const double share = (*value - measure.range.low) / (measure.range.high - measure.range.low);
      sum += weight * (measure.better == Better::lower ? 1.0 - share : share);
      weights += weight;
    }
  }
  if (weights == 0) return std::nullopt;
  return sum / weights;
}

std::string weights_signature(const std::vector<Evaluator>& evaluators) {
  std::string signature = "score|version:1";
  for (const Evaluator& evaluator : evaluators)
    signature += fmt::format("|{}:{}", evaluator.name, evaluator.weight.value_or(1.0));
  return signature;
}

}  // namespace

std::vector<Measure> measures_of(const std::vector<Evaluator>& evaluators) {
  std::vector<Measure> measures;
  for (const Evaluator& evaluator : evaluators)
    measures.insert(measures.end(), evaluator.measures.begin(), evaluator.measures.end());
  if (weighted(evaluators))
    measures.push_back({.name = "score", .range = {}, .signature = weights_signature(evaluators)});
  return measures;
}

void survey(const std::vector<Evaluator>& evaluators, const Dataset& dataset) {
  std::vector<Metric*> asking;
  for (const Evaluator& evaluator : evaluators)
    if (evaluator.metric->wants_survey()) asking.push_back(evaluator.metric.get());
  if (asking.empty()) return;
  const std::unique_ptr<CaseStream> cases = dataset.cases();
  for (Case row; cases->next(row);)
    for (Metric* metric : asking) metric->survey(row);
}

std::vector<Scores> score_batch(const std::vector<Evaluator>& evaluators,
                                std::span<const Scorable> batch) {
  std::vector<Scores> scores(batch.size());
  std::vector<Scorable> asked;
  std::vector<std::size_t> places;
  for (const Evaluator& evaluator : evaluators) {
    asked.clear();
    places.clear();
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (batch[i].sample->error) {
        leave_unscored(evaluator, "", scores[i]);
      } else if (evaluator.info->needs_references && batch[i].row->references.empty()) {
        leave_unscored(evaluator, "the case has no reference", scores[i]);
      } else {
        asked.push_back(batch[i]);
        places.push_back(i);
      }
    }
    const std::vector<Measurement> measured = evaluator.metric->score_batch(asked);
    for (std::size_t i = 0; i < places.size(); ++i) take(evaluator, measured[i], scores[places[i]]);
  }
  if (weighted(evaluators))
    for (Scores& each : scores) each.values.push_back(weighted_score(evaluators, each.values));
  return scores;
}

Scores score(const std::vector<Evaluator>& evaluators, const Case& row, const Sample& sample) {
  const Scorable one[] = {
      {&row, &sample}
  };
  return std::move(score_batch(evaluators, one)[0]);
}

}  // namespace llmops
