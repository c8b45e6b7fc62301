#include "ci/compare/figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ci/compare/row_pairs.h"
#include "ci/gate/tag_filter.h"
#include "ci/gate/wording.h"
#include "ci/set_figures.h"
#include "ci/stats/distributions.h"
#include "ci/stats/moments.h"
#include "ci/stats/resampling.h"

namespace llmops {
namespace {

constexpr double kPower = 0.8;           // statistics.md, section 6
constexpr double kHeadlineTail = 0.025;  // a two-sided 95 % interval

std::optional<SetFigure> figure_of(const RunHeader& baseline, const RunHeader& candidate,
                                   const std::string& name) {
  if (auto found = find_set_figure(candidate.measures, name)) return found;
  return find_set_figure(baseline.measures, name);
}

// The cases of both runs that a comparison is formed from.
struct Arms {
  std::vector<FigureCase> before, after, after_worst, before_of_worst;
  std::int64_t failed = 0, dropped = 0;
};

Arms read_arms(const MetricComparison& shape, const SetFigure& figure, const RunSource& baseline,
               const RunSource& candidate, bool paired) {
  const FigureColumns in_before(figure, baseline.header());
  const FigureColumns in_after(figure, candidate.header());
  const TagFilter filter = TagFilter::parse(shape.where).value_or(TagFilter());
  const double worst = shape.sign > 0 ? 0.0 : 1.0;
  Arms arms;
  for (RowPairs rows(baseline, candidate); rows.next();) {
    if (paired && !rows.paired()) continue;
    const CaseRow *before = rows.baseline(), *after = rows.candidate();
    if (!filter.matches((after != nullptr ? after : before)->tags)) continue;
    std::optional<FigureCase> was, is;
    if (before != nullptr) was = in_before.read(*before);
    if (after != nullptr) is = in_after.read(*after);
    if (after != nullptr && (!is || after->failed > 0)) ++arms.failed;
    if (after != nullptr && (!paired || was)) {
      arms.after_worst.push_back(in_after.read_worst(*after, worst));
      if (paired) arms.before_of_worst.push_back(*was);
    }
    if (paired && (!was || !is)) {
      ++arms.dropped;
      continue;
    }
    if (was) arms.before.push_back(*std::move(was));
    if (is) arms.after.push_back(*std::move(is));
  }
  if (!paired) arms.before_of_worst = arms.before;
  return arms;
}

// Resampled differences, candidate - baseline. Not paired: each run is drawn by itself.
std::vector<double> differences(const FittedFigure& before, const FittedFigure& after,
                                const std::vector<FigureCase>& cases_before,
                                const std::vector<FigureCase>& cases_after, bool paired,
                                std::uint64_t stream) {
  const int resamples = figure_resamples(2 * std::max(cases_before.size(), cases_after.size()));
  if (paired)
    return resample_figure(
        cases_after,
        [&](std::span<const std::uint32_t> places) {
          return after.of_cases(places) - before.of_cases(places);
        },
        resamples, stream);
  std::vector<double> drawn = resample_figure(cases_after, after.of_cases, resamples, stream);
  const std::vector<double> others =
      resample_figure(cases_before, before.of_cases, resamples, stream + 1);
  for (std::size_t i = 0; i < drawn.size(); ++i) drawn[i] -= others[i];
  return drawn;
}

struct Ends {
  double lower = 0, upper = 0;
};

Ends ends_of(const std::vector<double>& drawn, double tail) {
  const std::array<double, 2> levels = {tail, 1 - tail};
  const auto bounds = stats::percentile_bounds(drawn, levels);
  return {(*bounds)[0], (*bounds)[1]};
}

class FigureComparison {
 public:
  FigureComparison(MetricComparison shape, const SetFigure& figure, const RunSource& baseline,
                   const RunSource& candidate, const GateSpec& gate, bool paired)
      : out_(std::move(shape)),
        figure_(figure),
        baseline_(baseline),
        candidate_(candidate),
        gate_(gate),
        paired_(paired) {}

  MetricComparison make(std::optional<double> margin) {
    out_.why_no_test = "a figure of the whole set is no mean over cases";
    out_.refusal = missing();
    if (!out_.refusal.empty()) return std::move(out_);
    const Arms arms = read_arms(out_, figure_, baseline_, candidate_, paired_);
    out_.n = std::min(std::ssize(arms.before), std::ssize(arms.after));
    out_.failed = arms.failed;
    out_.dropped = arms.dropped;
    const auto before = fit_figure(figure_.kind, arms.before);
    const auto after = fit_figure(figure_.kind, arms.after);
    if (before) out_.baseline_mean = before->value;
    if (after) out_.candidate_mean = after->value;
    if (!before || !after) {
      out_.refusal =
          fmt::format("not measured in the {}, because {}", before ? "candidate" : "baseline",
                      (before ? after : before).refusal().sentence);
      return std::move(out_);
    }
    out_.difference = after->value - before->value;
    const std::uint64_t stream =
        stats::stream_of(candidate_.header().seed, out_.metric, "figure difference");
    const std::vector<double> drawn =
        differences(*before, *after, arms.before, arms.after, paired_, stream);
    decide(drawn, margin);
    if (out_.failed > 0 && !gate_.exclude_errors) add_worst_case(arms, stream);
    return std::move(out_);
  }

 private:
  std::string missing() {
    for (const auto& [run, who] : {
             std::pair{&baseline_,  "baseline" },
             std::pair{&candidate_, "candidate"}
    })
      if (!find_set_figure(run->header().measures, figure_.measure.name))
        return fmt::format("not measured, because the {} has no `{}`", who, figure_.measure.name);
    if (out_.quantity != "mean") return "a figure of the whole set has no quantiles";
    if (!out_.named_test.empty())
      return fmt::format("a figure of the whole set has no values of cases for `{}`",
                         out_.named_test);
    const auto before = find_set_figure(baseline_.header().measures, figure_.measure.name);
    const auto after = find_set_figure(candidate_.header().measures, figure_.measure.name);
    if (before->measure.signature == after->measure.signature) return "";
    out_.comparable = false;
    return fmt::format("`{}` is another measure now: {} -> {}", figure_.measure.name,
                       before->measure.signature, after->measure.signature);
  }

  void decide(const std::vector<double>& drawn, std::optional<double> margin) {
    const Ends headline = ends_of(drawn, kHeadlineTail);
    out_.test = "bootstrap";
    out_.interval_low = headline.lower;
    out_.interval_high = headline.upper;
    out_.mde = (stats::normal_isf(kHeadlineTail) + stats::normal_isf(1 - kPower)) *
               stats::moments(drawn).sd;
    out_.method = fmt::format("bootstrap, {} resamples", grouped(std::ssize(drawn)));
    out_.why = fmt::format("a figure of the whole set is formed again from drawn cases, {}",
                           paired_ ? "the same in both runs" : "of each run by itself");
    out_.alpha = gate_.alpha;
    out_.estimate = out_.sign * *out_.difference;
    const Ends bounds = ends_of(drawn, gate_.alpha);
    out_.lower = out_.sign > 0 ? bounds.lower : -bounds.upper;
    out_.upper = out_.sign > 0 ? bounds.upper : -bounds.lower;
    const auto no_worse = std::ranges::count_if(
        drawn, [&](double difference) { return out_.sign * difference >= 0; });
    out_.p_worse = stats::monte_carlo_p(no_worse, std::ssize(drawn));
    if (margin)
      out_.margin =
          margin_on(Scale::difference, *margin, out_.relative, out_.sign, out_.baseline_mean);
    if (*out_.lower < 0) out_.certifiable_margin = -*out_.lower;
  }

  void add_worst_case(const Arms& arms, std::uint64_t stream) {
    const auto before = fit_figure(figure_.kind, arms.before_of_worst);
    const auto after = fit_figure(figure_.kind, arms.after_worst);
    if (!before || !after) return;
    const Ends bounds = ends_of(
        differences(*before, *after, arms.before_of_worst, arms.after_worst, paired_, stream),
        gate_.alpha);
    out_.worst_case_lower = out_.sign > 0 ? bounds.lower : -bounds.upper;
    out_.worst_case_upper = out_.sign > 0 ? bounds.upper : -bounds.lower;
  }

  MetricComparison out_;
  const SetFigure& figure_;
  const RunSource& baseline_;
  const RunSource& candidate_;
  const GateSpec& gate_;
  bool paired_;
};

std::string label(const MetricComparison& shape) {
  std::string name = shape.measure.name;
  if (shape.quantity != "mean") name += "_" + shape.quantity;
  if (!shape.where.empty()) name += " where " + shape.where;
  if (!shape.named_test.empty()) name += " by " + shape.named_test;
  return name;
}

}  // namespace

bool is_set_figure(const RunHeader& baseline, const RunHeader& candidate, const std::string& name) {
  return figure_of(baseline, candidate, name).has_value();
}

std::vector<MetricComparison> compare_figures(const RunSource& baseline, const RunSource& candidate,
                                              const GateSpec& gate, bool paired) {
  std::vector<MetricComparison> all;
  const auto same = [&](const MetricComparison& shape) {
    return std::ranges::find_if(all, [&](const MetricComparison& other) {
             return other.measure.name == shape.measure.name && other.quantity == shape.quantity &&
                    other.where == shape.where && other.named_test == shape.named_test &&
                    other.relative == shape.relative && other.sign == shape.sign;
           }) != all.end();
  };
  const auto add = [&](MetricComparison shape, const SetFigure& figure,
                       std::optional<double> margin) {
    if (same(shape)) return;
    shape.metric = label(shape);
    while (std::ranges::find(all, shape.metric, &MetricComparison::metric) != all.end())
      shape.metric += shape.relative ? " in percent" : "'";
    all.push_back(
        FigureComparison(std::move(shape), figure, baseline, candidate, gate, paired).make(margin));
  };
  for (const Rule& rule : gate.rules) {
    const auto figure = figure_of(baseline.header(), candidate.header(), rule.metric);
    if (!figure || !rule.compares()) continue;
    MetricComparison shape;
    shape.measure = figure->measure;
    shape.quantity = rule.statistic.empty() ? "mean" : rule.statistic;
    shape.where = rule.where;
    shape.named_test = rule.test;
    shape.relative = rule.relative;
    shape.sign = rule.kind == RuleKind::max_increase ? -1.0 : 1.0;
    add(std::move(shape), *figure, rule.amount);
  }
  for (const SetFigure& figure : set_figures(candidate.header().measures)) {
    const bool there = std::ranges::any_of(
        all, [&](const MetricComparison& each) { return each.metric == figure.measure.name; });
    if (there || !find_set_figure(baseline.header().measures, figure.measure.name)) continue;
    MetricComparison shape;
    shape.measure = figure.measure;
    add(std::move(shape), figure, std::nullopt);
  }
  return all;
}

}  // namespace llmops
