#include "ci/compare/subject.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ci/compare/named_test.h"
#include "ci/compare/quantiles.h"
#include "ci/stats/distributions.h"
#include "ci/stats/power.h"
#include "ci/stats/quantile.h"
#include "ci/stats/resampling.h"
#include "ci/stats/t_test.h"

namespace llmops {
namespace {

constexpr std::size_t kWorstShown = 10;
constexpr double kPower = 0.8;  // statistics.md, section 6
constexpr double kHeadlineLevel = 0.95;

bool timing(const Measure& measure) { return measure.unit == "ms"; }

// Failed calls are what these two count: they leave no gap there.
bool counts_failures(const Measure& measure) {
  return measure.name == "error_rate" || measure.name == "coverage";
}

bool has_worst_score(const Measure& measure) {
  return measure.kind == ScoreKind::binary || measure.kind == ScoreKind::bounded;
}

}  // namespace

Subject::Subject(MetricComparison shape, TagFilter filter, const RunHeader& baseline,
                 const RunHeader& candidate)
    : out_(std::move(shape)),
      in_baseline_(MeasureColumn::find(baseline, out_.measure.name)),
      in_candidate_(MeasureColumn::find(candidate, out_.measure.name)),
      filter_(std::move(filter)),
      can_fail_(has_worst_score(out_.measure) && !counts_failures(out_.measure) &&
                out_.quantity == "mean"),
      pairs_(out_.sign),
      pairs_worst_(out_.sign) {
  seed_ = candidate.seed;
  out_.whole_interval = timing(out_.measure);
}

double Subject::worst_score() const {
  return out_.sign > 0 ? out_.measure.range.low : out_.measure.range.high;
}

// nullopt where the slice leaves the case out. A run that lacks the case has no value.
std::optional<Subject::Values> Subject::values_of(const RowPairs& rows) const {
  const CaseRow *before = rows.baseline(), *after = rows.candidate();
  if (!filter_.empty() && !filter_.matches((after != nullptr ? after : before)->tags))
    return std::nullopt;
  Values values;
  if (before != nullptr && in_baseline_) values.before = in_baseline_->value(*before);
  if (after != nullptr && in_candidate_) {
    values.after = in_candidate_->value(*after);
    if (can_fail_) values.after_worst = with_failures_as(worst_score(), *after, values.after);
  }
  return values;
}

void Subject::note_loss(const std::string& id, double difference) {
  auto& worst = out_.worst;
  if (difference >= 0 || (worst.size() == kWorstShown && worst.back().second <= difference)) return;
  const auto later = [](double d, const auto& entry) { return d < entry.second; };
  worst.insert(std::upper_bound(worst.begin(), worst.end(), difference, later), {id, difference});
  if (worst.size() > kWorstShown) worst.pop_back();
}

void Subject::first(const RowPairs& rows) {
  const auto values = values_of(rows);
  if (!values) return;
  if (values->before) before_.first(*values->before);
  if (values->after) after_.first(*values->after);
  if (values->after_worst) after_worst_.first(*values->after_worst);
  if (rows.candidate() != nullptr && can_fail_ && values->after_worst != values->after)
    ++out_.failed;
  if (rows.candidate() != nullptr)
    out_.repeats = std::max<std::int64_t>(out_.repeats, rows.candidate()->samples);
  if (!rows.paired()) return;
  identical_ = identical_ && values->before == values->after;
  if (values->before && values->after_worst)
    pairs_worst_.first(*values->before, *values->after_worst);
  if (!values->before || !values->after) {
    ++out_.dropped;
    return;
  }
  pairs_.first(*values->before, *values->after);
  answers_before_.add(in_baseline_->variance(*rows.baseline()),
                      rows.baseline()->samples - rows.baseline()->failed);
  answers_after_.add(in_candidate_->variance(*rows.candidate()),
                     rows.candidate()->samples - rows.candidate()->failed);
  note_loss(rows.candidate()->id, pairs_.oriented(*values->before, *values->after));
}

void Subject::Answers::add(std::optional<double> between_answers, int answers) {
  if (!between_answers || answers < 2) return;
  variance.add(*between_answers);
  noise.add(*between_answers / answers);
  ++cases;
}

void Subject::begin_second(bool paired) {
  paired_ = paired;
  pairs_.begin_second();
  pairs_worst_.begin_second();
  before_.begin_second();
  after_.begin_second();
  after_worst_.begin_second();
}

void Subject::second(const RowPairs& rows, std::optional<std::uint32_t> cluster) {
  const auto values = values_of(rows);
  if (!values) return;
  if (!paired_ || out_.named_test == "welch_t") {
    if (values->before) before_.second(*values->before);
    if (values->after) after_.second(*values->after);
    if (values->after_worst) after_worst_.second(*values->after_worst);
  }
  if (paired_ && rows.paired() && values->before) {
    if (values->after) pairs_.second(*values->before, *values->after, cluster);
    if (values->after_worst) pairs_worst_.second(*values->before, *values->after_worst, cluster);
  }
  const bool kept = out_.quantity != "mean" || !out_.named_test.empty();
  if (!kept || (paired_ && !(rows.paired() && values->before && values->after))) return;
  if (values->before) values_before_.push_back(*values->before);
  if (values->after) values_after_.push_back(*values->after);
}

std::string Subject::missing() const {
  if (!in_baseline_)
    return fmt::format("not measured, because the baseline has no `{}`", out_.measure.name);
  if (!in_candidate_)
    return fmt::format("not measured, because the candidate has no `{}`", out_.measure.name);
  const bool before = before_.n() > 0, after = after_.n() > 0;
  if (before && after) return "";
  if (!before && !after && !out_.where.empty())
    return fmt::format("no case of either run matches `{}` and has a value of `{}`", out_.where,
                       out_.measure.name);
  return fmt::format(
      "not measured, because no call of {} gave a value of `{}`{}",
      before  ? "the candidate"
      : after ? "the baseline"
              : "either run",
      out_.measure.name,
      out_.measure.unit.empty()
          ? ""
          : "; the server or the recording has to report it, else take the rule out");
}

// The t test that everybody knows, whatever decides.
void Subject::add_headline() {
  out_.test = paired_ ? "paired t" : "welch t";
  out_.n = paired_ ? pairs_.n() : std::min(before_.n(), after_.n());
  out_.wins = pairs_.wins;
  out_.losses = pairs_.losses;
  out_.ties = pairs_.ties;
  if (before_.n() > 0 && !paired_) out_.baseline_mean = before_.mean();
  if (after_.n() > 0 && !paired_) out_.candidate_mean = after_.mean();
  if (paired_ && pairs_.n() > 0) {
    out_.baseline_mean = pairs_.baseline_mean();
    out_.candidate_mean = pairs_.candidate_mean();
  }
  if (out_.baseline_mean && out_.candidate_mean)
    out_.difference = *out_.candidate_mean - *out_.baseline_mean;
  const double sign = paired_ ? out_.sign : 1.0;  // paired differences are oriented
  const auto test = paired_ ? stats::t_one_sample(pairs_.difference(), 0.0, kHeadlineLevel)
                            : stats::t_welch(before_.moments(), after_.moments(), kHeadlineLevel);
  if (!test) {
    out_.why_no_test = test.refusal().sentence;
    return;
  }
  out_.difference = sign * test->mean;
  out_.statistic = sign * test->t;
  out_.df = test->df;
  out_.p_value = test->p_two_sided;
  out_.interval_low = sign > 0 ? test->interval.lower : -test->interval.upper;
  out_.interval_high = sign > 0 ? test->interval.upper : -test->interval.lower;
  const double reach = stats::normal_isf(0.025) + stats::normal_isf(1 - kPower);
  out_.mde = reach * test->se;
}

Inference Subject::decide(const InferenceRequest& request) const {
  if (const auto level = quantile_level(out_.quantity))
    return infer_quantile(request, *level, values_before_, values_after_, paired_,
                          stats::stream_of(seed_, out_.metric, "quantile"));
  if (out_.quantity == "max")
    return {
        .method = "maximum",
        .refusal = "a maximum has no interval: gate a quantile, or the maximum itself with `max`"};
  Inference by_data =
      paired_ ? infer_paired(request, pairs_) : infer_independent(request, before_, after_);
  if (out_.named_test.empty()) return by_data;
  if (!paired_ && out_.named_test != "welch_t") {
    by_data.why += "; the test that the rule names needs the same cases in both runs";
    return by_data;
  }
  const NamedTest test{out_.named_test, seed_, out_.metric, values_before_, values_after_};
  return infer_by_name(request, test, pairs_, before_, after_, std::move(by_data));
}

void Subject::add_decision(const GateSpec& gate) {
  InferenceRequest request{out_.measure, out_.relative, out_.sign, gate.alpha, gate.strict};
  const Inference found = decide(request);
  out_.method = found.method;
  out_.why = found.why;
  out_.refusal = found.refusal;
  out_.clusters = found.clusters;
  out_.design_effect = found.design_effect;
  out_.scale = found.scale;
  out_.alpha = gate.alpha;
  out_.estimate = found.estimate;
  out_.lower = found.lower;
  out_.upper = found.upper;
  out_.p_worse = found.p_worse;
  if (out_.failed > 0 && !gate.exclude_errors && found.lower) {
    const Inference worst = paired_ ? infer_paired(request, pairs_worst_)
                                    : infer_independent(request, before_, after_worst_);
    out_.worst_case_lower = worst.lower;
    out_.worst_case_upper = worst.upper;
  }
  add_planning(gate, found);
}

void Subject::add_planning(const GateSpec& gate, const Inference& found) {
  if (out_.margin)
    out_.margin =
        margin_on(found.scale, *out_.margin, out_.relative, out_.sign, out_.baseline_mean);
  if (found.lower && *found.lower < 0) out_.certifiable_margin = -*found.lower;
  if (!out_.margin || *out_.margin <= 0 || !found.sd) return;
  const double sd = *found.sd, margin = *out_.margin;
  if (found.range) {
    const auto cases = stats::cases_to_pass(sd, *found.range, margin, kPower, gate.alpha);
    if (cases) out_.cases_needed = *cases;
  } else if (sd > 0) {
    const auto cases = stats::cases_noninferiority(sd, margin, 0.0, kPower, gate.alpha);
    if (cases) out_.cases_needed = std::max<std::int64_t>(2, cases->n);
  }
  if (sd > 0)
    out_.power = stats::normal_cdf(margin * std::sqrt(static_cast<double>(out_.n)) / sd -
                                   stats::normal_isf(gate.alpha));
}

// How much of the noise comes from asking again, how much from the cases (statistics.md, section
// 6).
void Subject::add_variances() {
  if (!paired_ || answers_before_.cases == 0 || answers_after_.cases == 0 || pairs_.n() < 2) return;
  const auto mean_of = [](const stats::Sum& sum, std::int64_t cases) {
    return sum.value() / static_cast<double>(cases);
  };
  const double sd = pairs_.difference().sd;
  const double noise = mean_of(answers_before_.noise, answers_before_.cases) +
                       mean_of(answers_after_.noise, answers_after_.cases);
  out_.variance_within = mean_of(answers_before_.variance, answers_before_.cases) +
                         mean_of(answers_after_.variance, answers_after_.cases);
  out_.variance_between = std::max(0.0, sd * sd - noise);
}

void Subject::add_notes(bool outputs_identical) {
  constexpr std::int64_t kFewClusters = 20;
  if (out_.clusters > 0 && out_.clusters < kFewClusters) out_.notes.emplace_back("few_clusters");
  // A score is a function of the output alone; tokens, cost and time depend on more than that.
  const bool score = has_worst_score(out_.measure) && !out_.measure.builtin;
  const bool same_values = identical_ && out_.dropped == 0;
  if (outputs_identical && paired_ && pairs_.n() > 0 && (score || same_values))
    out_.notes.emplace_back("outputs_identical");
}

MetricComparison Subject::finish(const GateSpec& gate, std::optional<double> margin,
                                 bool outputs_identical) {
  out_.margin = margin;
  add_headline();
  if (const auto level = quantile_level(out_.quantity);
      level && !values_before_.empty() && !values_after_.empty()) {
    out_.baseline_mean = *stats::quantile(values_before_, *level);
    out_.candidate_mean = *stats::quantile(values_after_, *level);
  }
  out_.refusal = missing();
  if (in_baseline_ && in_candidate_ && !in_baseline_->measure().signature.empty() &&
      !in_candidate_->measure().signature.empty() &&
      in_baseline_->measure().signature != in_candidate_->measure().signature) {
    out_.comparable = false;
    out_.refusal =
        fmt::format("`{}` is another measure now: {} -> {}", out_.measure.name,
                    in_baseline_->measure().signature, in_candidate_->measure().signature);
  }
  if (!out_.refusal.empty()) {
    out_.margin.reset();
    return out_;
  }
  add_decision(gate);
  if (out_.measure.kind == ScoreKind::positive && paired_ && pairs_.n() > 1 &&
      pairs_.baseline_mean() > 0) {
    const double error = pairs_.ratio_error();
    const double reach = stats::t_isf(0.025, static_cast<double>(pairs_.n() - 1)) * error;
    out_.ratio = pairs_.ratio();
    out_.ratio_low = *out_.ratio - reach;
    out_.ratio_high = *out_.ratio + reach;
  }
  add_variances();
  add_notes(outputs_identical);
  return out_;
}

}  // namespace llmops
