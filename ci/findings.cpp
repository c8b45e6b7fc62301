#include "ci/findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ci/gate/wording.h"
#include "ci/latency_cause.h"
#include "ci/trend.h"

namespace llmops {
namespace {

// Beside the change a smaller part is not worth a word.
constexpr double kLeastShare = 0.01;
constexpr double kMoneyScale = 1000;  // one case costs too little to read

// Beyond chance, or asked for by a rule that did not pass.
bool worth_explaining(const Comparison& comparison, std::string_view measure) {
  return std::ranges::any_of(comparison.metrics, [&](const MetricComparison& metric) {
    if (metric.measure.name != measure || !metric.comparable) return false;
    if (metric.outcome && *metric.outcome != Outcome::pass) return true;
    if (!metric.difference || *metric.difference == 0) return false;
    const bool holds_zero = metric.interval_low && metric.interval_high &&
                            *metric.interval_low <= 0 && *metric.interval_high >= 0;
    return !holds_zero;
  });
}

// "prompt text +35, context +1.2"
std::string told(const std::vector<CausePart>& parts, double change, double scale) {
  std::string text;
  for (const CausePart& part : parts)
    if (text.empty() || std::abs(part.amount) >= kLeastShare * std::abs(change))
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", part.name,
                          signed_figure(part.amount * scale));
  return text;
}

std::string moved(double before, double after) {
  return fmt::format("{} by {}, from {} to {}", after < before ? "fell" : "rose",
                     figure(std::abs(after - before)), figure(before), figure(after));
}

Finding finding_of(const Cause& cause) {
  const bool money = cause.unit == "usd";
  const double scale = money ? kMoneyScale : 1;
  Finding finding{.kind = money ? "cost" : "tokens",
                  .subject = cause.measure,
                  .unit = cause.unit,
                  .baseline = cause.baseline,
                  .candidate = cause.candidate,
                  .parts = cause.parts,
                  .sentence = ""};
  finding.sentence =
      fmt::format("{} {}{}: {}{}", money ? "cost in $ per 1,000 cases" : cause.measure,
                  moved(cause.baseline * scale, cause.candidate * scale), money ? "" : " a case",
                  told(cause.parts, cause.change(), scale),
                  cause.unknown.empty() ? "" : " (" + cause.unknown + ")");
  return finding;
}

void add_latency(const RunSource& baseline, const RunSource& candidate,
                 std::vector<Finding>& findings) {
  const LatencyCause cause = explain_latency(baseline, candidate);
  for (const LatencySplit& split : cause.splits) {
    Finding finding{.kind = "latency",
                    .subject = "latency " + split.quantity,
                    .unit = "ms",
                    .baseline = split.baseline_ms,
                    .candidate = split.candidate_ms,
                    .parts = {},
                    .sentence = ""};
    for (const LatencyPart& part : split.parts)
      if (part.ms != 0) finding.parts.push_back({std::string(part.name), part.ms});
    std::ranges::stable_sort(finding.parts, std::greater<>(),
                             [](const CausePart& part) { return std::abs(part.amount); });
    if (finding.parts.empty()) continue;
    finding.sentence = fmt::format("latency ({}) {} ms: {}", split.quantity,
                                   moved(split.baseline_ms, split.candidate_ms),
                                   told(finding.parts, split.change_ms, 1));
    findings.push_back(std::move(finding));
  }
}

}  // namespace

std::vector<Finding> find_causes(const RunSource& baseline, const RunSource& candidate,
                                 const Comparison& comparison) {
  std::vector<Finding> findings;
  if (!comparison.not_comparable.empty()) return findings;
  constexpr const char* kExplained[] = {"input_tokens", "output_tokens", "total_tokens",
                                        "cost_per_case"};
  const bool tokens = std::ranges::any_of(
      kExplained, [&](const char* measure) { return worth_explaining(comparison, measure); });
  if (tokens)
    for (const Cause& cause : explain_tokens(baseline, candidate, comparison.paired)) {
      const bool asked = worth_explaining(comparison, cause.measure) ||
                         (cause.unit == "tokens" && worth_explaining(comparison, "total_tokens"));
      if (asked && !cause.parts.empty()) findings.push_back(finding_of(cause));
    }
  if (worth_explaining(comparison, "latency")) add_latency(baseline, candidate, findings);
  return findings;
}

std::vector<Finding> find_slices(const Comparison& comparison) {
  std::vector<Finding> findings;
  for (const SliceFinding& slice : comparison.slices) {
    if (!slice.worse) continue;
    const std::string where = fmt::format("tags.{} = {}", slice.tag.key, slice.tag.value);
    Finding finding{.kind = "slice",
                    .subject = slice.metric + " where " + where,
                    .unit = "",
                    .baseline = slice.baseline_mean,
                    .candidate = slice.candidate_mean,
                    .parts = {},
                    .sentence = ""};
    finding.sentence =
        fmt::format("{} got worse where {}: from {} to {} ({}, {} after correction for all slices)",
                    slice.metric, where, figure(slice.baseline_mean.value_or(0)),
                    figure(slice.candidate_mean.value_or(0)), counted(slice.n, "case"),
                    p_text(slice.p_adjusted.value_or(1)));
    findings.push_back(std::move(finding));
  }
  return findings;
}

std::vector<Finding> find_added_losses(const std::filesystem::path& baseline,
                                       const RunSource& candidate, const GateSpec& gate,
                                       const Verdict& now) {
  std::vector<Finding> findings;
  for (const SlowDrift& drift : find_slow_drift(baseline, candidate, gate, now)) {
    Finding finding{.kind = "slow_drift",
                    .subject = drift.rule,
                    .unit = "",
                    .baseline = {},
                    .candidate = {},
                    .parts = {},
                    .sentence = ""};
    finding.sentence = fmt::format(
        "slow drift: `{}` does not fail against this baseline, but it fails against the oldest one "
        "kept (run {} of {}): {}",
        drift.rule, drift.oldest, drift.created, drift.why);
    findings.push_back(std::move(finding));
  }
  return findings;
}

std::vector<Finding> find_all(const RunSource& baseline, const RunSource& candidate,
                              const Comparison& comparison, const GateSpec* gate,
                              const Verdict* now) {
  std::vector<Finding> findings = find_causes(baseline, candidate, comparison);
  for (Finding& slice : find_slices(comparison)) findings.push_back(std::move(slice));
  if (gate != nullptr && gate->baseline && now != nullptr)
    for (Finding& loss : find_added_losses(*gate->baseline, candidate, *gate, *now))
      findings.push_back(std::move(loss));
  return findings;
}

void name_causes(std::vector<Finding>& findings, Verdict& verdict) {
  for (Finding& finding : findings) finding.told = false;
  for (RuleOutcome& outcome : verdict.rules) {
    if (outcome.outcome == Outcome::pass || outcome.outcome == Outcome::not_comparable ||
        !outcome.rule.compares() || !outcome.rule.where.empty())
      continue;
    const std::string& statistic = outcome.rule.statistic;
    const bool mean = statistic.empty() || statistic == "mean";
    const std::string subject = outcome.rule.metric != "latency"
                                    ? outcome.rule.metric
                                    : "latency " + (mean ? std::string("mean") : statistic);
    for (Finding& finding : findings) {
      if (finding.parts.empty()) continue;
      const bool of_total = outcome.rule.metric == "total_tokens" && finding.kind == "tokens";
      if (finding.subject != subject && !of_total) continue;
      const double change = *finding.candidate - *finding.baseline;
      const bool money = finding.unit == "usd";
      finding.told = true;
      outcome.why +=
          fmt::format("; {}where it comes from{}: {}", of_total ? finding.subject + ", " : "",
                      money                  ? " ($ per 1,000 cases)"
                      : finding.unit == "ms" ? " (ms)"
                                             : "",
                      told(finding.parts, change, money ? kMoneyScale : 1));
    }
  }
}

}  // namespace llmops
