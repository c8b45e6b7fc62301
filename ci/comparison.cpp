#include "ci/comparison.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "ci/compare/changes.h"
#include "ci/compare/cluster_sums.h"
#include "ci/compare/figures.h"
#include "ci/compare/row_pairs.h"
#include "ci/compare/run_variance.h"
#include "ci/compare/slices.h"
#include "ci/compare/subject.h"

namespace llmops {
namespace {

constexpr std::size_t kIdsShown = 20;
constexpr std::ptrdiff_t kIdsTold = 5;  // in a warning

struct Planned {
  Subject subject;
  std::optional<double> margin;  // of its first rule, or as proposed
};

double sign_of(const Rule& rule) { return rule.kind == RuleKind::max_increase ? -1.0 : 1.0; }

bool same_subject(const MetricComparison& a, const MetricComparison& b) {
  return a.measure.name == b.measure.name && a.quantity == b.quantity && a.where == b.where &&
         a.named_test == b.named_test && a.relative == b.relative && a.sign == b.sign;
}

const Measure* find_measure(const RunHeader& header, const std::string& name) {
  const auto found = std::ranges::find(header.measures, name, &Measure::name);
  return found == header.measures.end() ? nullptr : &*found;
}

// A measure that one run lacks is still named, so that its rule can say so.
Measure measure_of(const RunHeader& baseline, const RunHeader& candidate, const std::string& name) {
  for (const RunHeader* header : {&candidate, &baseline})
    if (const Measure* found = find_measure(*header, name)) return *found;
  if (const Measure* found = find_builtin_measure(name)) return *found;
  Measure unknown;
  unknown.name = name;
  return unknown;
}

// The margin that a suite is advised to set, where it sets none.
std::optional<double> proposed_margin(const Measure& measure) {
  switch (measure.kind) {
    case ScoreKind::binary:
      return 0.05;
    case ScoreKind::bounded:
      return 0.03 * (measure.range.high - measure.range.low);
    case ScoreKind::positive:
      return 0.10;
    case ScoreKind::unbounded:
      break;
  }
  return std::nullopt;
}

// Another rule asks the same and leaves the test to the data.
bool by_data_too(const GateSpec& gate, const MetricComparison& shape) {
  return std::ranges::any_of(gate.rules, [&](const Rule& rule) {
    return rule.compares() && rule.test.empty() && rule.metric == shape.measure.name &&
           rule.where == shape.where &&
           (rule.statistic.empty() ? "mean" : rule.statistic) == shape.quantity;
  });
}

// A metric keeps its plain name where one rule names its test: that is where readers look for it.
std::string unique_name(const std::vector<Planned>& planned, const MetricComparison& shape,
                        const GateSpec& gate) {
  std::string name = shape.measure.name;
  if (shape.quantity != "mean") name += "_" + shape.quantity;
  if (!shape.where.empty()) name += " where " + shape.where;
  const auto taken = [&](const Planned& other) { return other.subject.shape().metric == name; };
  if (!shape.named_test.empty() &&
      (by_data_too(gate, shape) || std::ranges::any_of(planned, taken)))
    name += " by " + shape.named_test;
  if (std::ranges::any_of(planned, taken)) name += shape.relative ? " in percent" : " in units";
  while (std::ranges::any_of(planned, taken)) name += "'";
  return name;
}

class Plan {
 public:
  Plan(const RunSource& baseline, const RunSource& candidate, const GateSpec& gate)
      : baseline_(baseline.header()), candidate_(candidate.header()), gate_(gate) {
    for (const Rule& rule : gate.rules)
      if (rule.compares() && !is_set_figure(baseline_, candidate_, rule.metric)) add_rule(rule);
    for (const Measure& measure : baseline_.measures)
      if (find_measure(candidate_, measure.name) != nullptr) add_ungated(measure.name);
  }
  std::vector<Planned> take() { return std::move(planned_); }

 private:
  void add_rule(const Rule& rule) {
    MetricComparison shape;
    shape.measure = measure_of(baseline_, candidate_, rule.metric);
    shape.quantity = rule.statistic.empty() ? "mean" : rule.statistic;
    shape.where = rule.where;
    shape.named_test = rule.test;
    shape.relative = rule.relative;
    shape.sign = sign_of(rule);
    add(std::move(shape), rule.amount);
  }

  void add_ungated(const std::string& name) {
    for (const Planned& each : planned_) {
      const MetricComparison& shape = each.subject.shape();
      if (shape.measure.name == name && shape.quantity == "mean" && shape.where.empty()) return;
    }
    MetricComparison shape;
    shape.measure = measure_of(baseline_, candidate_, name);
    shape.relative = shape.measure.kind == ScoreKind::positive;
    shape.sign = shape.measure.better == Better::lower ? -1.0 : 1.0;
    const auto margin = proposed_margin(shape.measure);
    add(std::move(shape), margin);
  }

  void add(MetricComparison shape, std::optional<double> margin) {
    const auto same = [&](const Planned& other) {
      return same_subject(other.subject.shape(), shape);
    };
    if (std::ranges::any_of(planned_, same)) return;
    shape.metric = unique_name(planned_, shape, gate_);
    TagFilter filter = TagFilter::parse(shape.where).value_or(TagFilter());
    planned_.push_back(
        {Subject(std::move(shape), std::move(filter), baseline_, candidate_), margin});
  }

  const RunHeader& baseline_;
  const RunHeader& candidate_;
  const GateSpec& gate_;
  std::vector<Planned> planned_;
};

void note_id(std::vector<std::string>& ids, std::int64_t& count, const std::string& id) {
  if (ids.size() < kIdsShown) ids.push_back(id);
  ++count;
}

// Counts of the first pass that belong to no measure.
struct Pairing {
  std::int64_t baseline = 0, candidate = 0;
  bool any_output = false, same_outputs = true;

  void add(const RowPairs& rows, Comparison& comparison) {
    if (rows.baseline() != nullptr) ++baseline;
    if (rows.candidate() != nullptr) ++candidate;
    if (rows.paired()) {
      ++comparison.shared;
      add_outputs(*rows.baseline(), *rows.candidate());
      return;
    }
    same_outputs = false;
    if (rows.content_changed()) ++comparison.changed_content;
    if (rows.baseline() != nullptr)
      note_id(comparison.only_baseline, comparison.only_baseline_count, rows.baseline()->id);
    if (rows.candidate() != nullptr)
      note_id(comparison.only_candidate, comparison.only_candidate_count, rows.candidate()->id);
  }

  // A case whose every call failed has no output, and that is the same only as another such case.
  void add_outputs(const CaseRow& before, const CaseRow& after) {
    any_output = any_output || !after.output.empty();
    const bool known = !after.output.empty() || after.failed == after.samples;
    same_outputs =
        same_outputs && known && before.output == after.output && before.failed == after.failed;
  }
};

void add_warnings(Comparison& comparison, const Pairing& pairing, const RunSource& baseline,
                  const RunSource& candidate) {
  const auto warn = [&](std::string text) { comparison.warnings.push_back(std::move(text)); };
  const std::int64_t larger = std::max(pairing.baseline, pairing.candidate);
  if (!comparison.paired && comparison.not_comparable.empty())
    warn(
        fmt::format("only {} of {} cases are the same in both runs: the runs are compared as "
                    "independent samples, "
                    "which finds much less than a paired comparison of the same cases",
                    comparison.shared, larger));
  const auto lost = [&](std::int64_t count, const std::vector<std::string>& ids,
                        std::string_view run) {
    const auto shown = std::min<std::ptrdiff_t>(kIdsTold, std::ssize(ids));
    if (count > 0 && comparison.paired)
      warn(fmt::format(
          "{} case{} only in the {} and not compared: {}{}", count, count == 1 ? " is" : "s are",
          run, fmt::join(ids.begin(), ids.begin() + shown, ", "), count > shown ? ", ..." : ""));
  };
  lost(comparison.only_baseline_count, comparison.only_baseline, "baseline");
  lost(comparison.only_candidate_count, comparison.only_candidate, "candidate");
  if (comparison.changed_content > 0)
    warn(fmt::format("{} case{} the same id and another content: not compared",
                     comparison.changed_content,
                     comparison.changed_content == 1 ? " has" : "s have"));
  if (!baseline.header().complete) warn("the baseline is an incomplete run");
  if (other_hardware(baseline.header(), candidate.header()))
    warn("the hardware is not that of the baseline: times are not compared");
}

// What slices are looked at in: the evaluators' scores that a rule gates, or all where none does.
std::vector<MetricComparison> sliced_shapes(const std::vector<Planned>& planned,
                                            const GateSpec& gate) {
  std::vector<MetricComparison> gated, all;
  for (const Planned& each : planned) {
    const MetricComparison& shape = each.subject.shape();
    if (shape.measure.builtin || shape.quantity != "mean" || !shape.where.empty() ||
        !shape.named_test.empty())
      continue;
    all.push_back(shape);
    if (std::ranges::find(gate.rules, shape.measure.name, &Rule::metric) != gate.rules.end())
      gated.push_back(shape);
  }
  return gated.empty() ? all : gated;
}

// Times of other hardware say nothing about the change.
void set_apart(MetricComparison& metric, const RunSource& baseline, const RunSource& candidate) {
  if (metric.measure.unit != "ms" || !other_hardware(baseline.header(), candidate.header())) return;
  metric.comparable = false;
  metric.refusal = "the hardware is not that of the baseline";
}

}  // namespace

std::string_view name(Outcome outcome) {
  switch (outcome) {
    case Outcome::pass:
      return "pass";
    case Outcome::fail:
      return "fail";
    case Outcome::inconclusive:
      return "inconclusive";
    case Outcome::incomplete:
      return "incomplete";
    case Outcome::not_comparable:
      break;
  }
  return "not_comparable";
}

const MetricComparison* Comparison::find(const std::string& metric) const {
  const auto found = std::ranges::find(metrics, metric, &MetricComparison::metric);
  return found == metrics.end() ? nullptr : &*found;
}

const MetricComparison* Comparison::find(const Rule& rule) const {
  const auto asks_for = [&](const MetricComparison& metric) {
    return metric.measure.name == rule.metric &&
           metric.quantity == (rule.statistic.empty() ? "mean" : rule.statistic) &&
           metric.where == rule.where && metric.named_test == rule.test &&
           metric.relative == rule.relative && metric.sign == sign_of(rule);
  };
  const auto found = std::ranges::find_if(metrics, asks_for);
  return found == metrics.end() ? nullptr : &*found;
}

MetricComparison* Comparison::find(const Rule& rule) {
  return const_cast<MetricComparison*>(std::as_const(*this).find(rule));
}

Comparison compare(const RunSource& baseline, const RunSource& candidate, const GateSpec& gate,
                   std::span<const std::shared_ptr<const RunSource>> accepted) {
  Comparison comparison;
  comparison.baseline_id = baseline.header().id;
  comparison.candidate_id = candidate.header().id;
  comparison.changed = changes_between(baseline.header(), candidate.header());
  std::vector<Planned> planned = Plan(baseline, candidate, gate).take();

  Slices slices(sliced_shapes(planned, gate), baseline.header(), candidate.header());
  Pairing pairing;
  Groups groups;
  for (RowPairs rows(baseline, candidate); rows.next();) {
    pairing.add(rows, comparison);
    if (rows.paired()) groups.learn(*rows.candidate());
    for (Planned& each : planned) each.subject.first(rows);
    slices.first(rows);
  }
  comparison.paired = comparison.shared > 0 &&
                      2 * comparison.shared >= std::max(pairing.baseline, pairing.candidate);
  comparison.outputs_identical = comparison.paired && pairing.any_output && pairing.same_outputs;
  if (pairing.baseline == 0 || pairing.candidate == 0)
    comparison.not_comparable = pairing.candidate > 0  ? "the baseline has no case"
                                : pairing.baseline > 0 ? "the candidate has no case"
                                                       : "neither run has a case";

  for (Planned& each : planned) each.subject.begin_second(comparison.paired);
  slices.begin_second(comparison.paired);
  for (RowPairs rows(baseline, candidate); rows.next();) {
    std::optional<std::uint32_t> cluster;
    if (groups.any() && rows.paired()) cluster = groups.number_of(*rows.candidate());
    for (Planned& each : planned) each.subject.second(rows, cluster);
    slices.second(rows, cluster);
  }

  for (Planned& each : planned) {
    const bool gated = std::ranges::any_of(gate.rules, [&](const Rule& rule) {
      return rule.metric == each.subject.shape().measure.name;
    });
    if (!gated && !each.subject.values_seen()) continue;
    MetricComparison& metric = comparison.metrics.emplace_back(
        each.subject.finish(gate, each.margin, comparison.outputs_identical));
    set_apart(metric, baseline, candidate);
    if (metric.whole_interval && metric.comparable && gated)
      widen_by_runs(metric, accepted, candidate.header());
  }
  for (MetricComparison& figure : compare_figures(baseline, candidate, gate, comparison.paired))
    comparison.metrics.push_back(std::move(figure));
  comparison.slices = slices.finish(gate, comparison.shared);
  add_warnings(comparison, pairing, baseline, candidate);
  if (groups.any() && !comparison.paired)
    comparison.warnings.emplace_back(
        "cases of one group count as independent here: the true intervals are wider");
  return comparison;
}

}  // namespace llmops
