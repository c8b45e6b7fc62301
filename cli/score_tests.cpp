// Ours: a metric whose figure comes from summed counts is tested on the counts, every other on its
// rows' differences. sacrebleu's two tests are there so that published p-values can be had again.
#include "cli/score_tests.h"

#include <fmt/format.h>

#include "ci/stats/bootstrap.h"
#include "ci/stats/paired_counts.h"
#include "ci/stats/permutation.h"
#include "evaluators/metrics/text/sacrebleu_metric.h"
#include "evaluators/metrics/text/significance.h"

namespace llmops {
namespace {

using Method = ScoreTestOptions::Method;

std::size_t resamples_of(const ScoreTestOptions& options) {
  if (options.resamples > 0) return options.resamples;
  constexpr std::size_t kSacrebleuBootstrap = 1000, kSacrebleuTrials = 10000;
  return options.method == Method::paired         ? stats::kResamples
         : options.method == Method::sacrebleu_bs ? kSacrebleuBootstrap
                                                  : kSacrebleuTrials;
}

std::uint64_t seed_of(const ScoreTestOptions& options) {
  constexpr std::uint64_t kSacrebleu = 12345;
  return options.seed.value_or(options.method == Method::paired ? 1 : kSacrebleu);
}

Object untested(std::string why) {
  return {
      {"outcome", "not testable"},
      {"why",     std::move(why)}
  };
}

void append_members(Object& to, Object from) {
  for (Member& member : from) to.add(std::move(member.key), std::move(member.value));
}

// The rows that both systems have measured, as counts.
void counts_of_both(const MetricTotals& baseline, const MetricTotals& candidate,
                    std::vector<double>& a, std::vector<double>& b) {
  for (std::size_t i = 0; i < baseline.rows().size(); ++i) {
    const std::vector<double>& first = baseline.rows()[i].counts;
    const std::vector<double>& second = candidate.rows()[i].counts;
    if (first.empty() || first.size() != second.size()) continue;
    a.insert(a.end(), first.begin(), first.end());
    b.insert(b.end(), second.begin(), second.end());
  }
}

Object test_counts(const Metric& metric, const MetricTotals& baseline,
                   const MetricTotals& candidate, const ScoreTestOptions& options) {
  std::vector<double> a, b;
  counts_of_both(baseline, candidate, a, b);
  const std::size_t width = baseline.counts().size();
  const auto found = stats::paired_counts(
      {a, width}, {b, width},
      [&](std::span<const double> sums) { return metric.corpus(sums).front().value_or(0.0); },
      {.seed = seed_of(options),
       .resamples = static_cast<int>(resamples_of(options)),
       .level = options.confidence});
  if (!found) return untested(found.refusal().sentence);
  return {
      {"difference",      found->difference                                 },
      {"interval",        List{found->interval.lower, found->interval.upper}},
      {"interval_method", "percentile bootstrap over rows"                  },
      {"p_value",         found->p_two_sided                                },
      {"test",            "approximate randomization"                       },
      {"n",               static_cast<std::int64_t>(a.size() / width)       }
  };
}

Object test_rows(const MetricTotals& baseline, const MetricTotals& candidate, std::size_t column,
                 const ScoreTestOptions& options) {
  std::vector<double> differences;
  double sum = 0;
  for (std::size_t i = 0; i < baseline.rows().size(); ++i) {
    const auto& first = baseline.rows()[i].values[column];
    const auto& second = candidate.rows()[i].values[column];
    if (!first || !second) continue;
    differences.push_back(*second - *first);
    sum += differences.back();
  }
  const int resamples = static_cast<int>(resamples_of(options));
  const auto flips = stats::sign_flip(
      differences, {.stream = stats::stream_of(seed_of(options), "score", "sign flips"),
                    .resamples = resamples});
  if (!flips) return untested(flips.refusal().sentence);
  Object result{
      {"difference", sum / static_cast<double>(differences.size())}
  };
  const auto interval = stats::bootstrap_mean(
      differences, options.confidence,
      {.stream = stats::stream_of(seed_of(options), "score", "bootstrap"), .resamples = resamples});
  if (interval) {
    result.add("interval", List{interval->interval.lower, interval->interval.upper});
    result.add("interval_method",
               interval->bias_corrected ? "bca bootstrap" : "percentile bootstrap");
  }
  result.add("p_value", flips->p_two_sided);
  result.add("test", "sign flips");
  result.add("n", static_cast<std::int64_t>(differences.size()));
  return result;
}

bool has_corpus_figure(const Metric& metric, const MetricTotals& totals, std::size_t column) {
  if (totals.counts().empty()) return false;
  const auto corpus = metric.corpus(totals.counts());
  // Only a metric with one number: its counts say all about it.
  return corpus.size() == 1 && column == 0 && corpus.front().has_value();
}

// Ours, every headline of every metric.
void test_paired(const std::vector<ScoreMetric>& metrics, const std::vector<ScoredSystem>& systems,
                 const ScoreTestOptions& options, List& results) {
  for (std::size_t m = 0; m < metrics.size(); ++m) {
    const Metric& metric = *metrics[m].metric;
    const MetricTotals& baseline = systems.front().metrics[m];
    for (std::size_t c = 0; c < metric.columns().size(); ++c) {
      if (!metric.columns()[c].headline) continue;
      for (std::size_t s = 1; s < systems.size(); ++s) {
        const MetricTotals& candidate = systems[s].metrics[m];
        Object result{
            {"metric", metrics[m].headline_name(c)},
            {"system", systems[s].name            }
        };
        if (const auto score = candidate.figure(metric, c)) result.add("score", *score);
        if (const auto score = baseline.figure(metric, c)) result.add("baseline_score", *score);
        append_members(result, has_corpus_figure(metric, baseline, c) &&
                                       has_corpus_figure(metric, candidate, c)
                                   ? test_counts(metric, baseline, candidate, options)
                                   : test_rows(baseline, candidate, c, options));
        results.push_back(std::move(result));
      }
    }
  }
}

CountTable table_of(const MetricTotals& totals) {
  CountTable table{.width = totals.counts().size(), .rows = {}};
  for (const MetricTotals::Row& row : totals.rows())
    table.rows.insert(table.rows.end(), row.counts.begin(), row.counts.end());
  return table;
}

// sacrebleu's, of BLEU, chrF and TER alone.
void test_as_sacrebleu(const std::vector<ScoreMetric>& metrics,
                       const std::vector<ScoredSystem>& systems, const ScoreTestOptions& options,
                       List& results) {
  const bool bootstrap = options.method == Method::sacrebleu_bs;
  const std::size_t resamples = resamples_of(options);
  // As that program signs: its interval's resamples before the trials.
  const std::string interval = !bootstrap && options.confidence_resamples > 0
                                   ? fmt::format("bs:{}|", options.confidence_resamples)
                                   : "";
  const std::string test = fmt::format("{}{}:{}|seed:{}", interval, bootstrap ? "bs" : "ar",
                                       resamples, seed_of(options));
  for (std::size_t m = 0; m < metrics.size(); ++m) {
    const auto* form = dynamic_cast<const SacrebleuMetric*>(metrics[m].metric.get());
    std::vector<CountTable> tables;
    bool same_rows = true;
    for (const ScoredSystem& system : systems) {
      tables.push_back(table_of(system.metrics[m]));
      same_rows = same_rows && tables.back().rows.size() == tables.front().rows.size();
    }
    if (form == nullptr || tables.front().segments() == 0 || !same_rows) {
      Object result{
          {"metric", metrics[m].info->name}
      };
      append_members(result, untested(form == nullptr ? "sacrebleu has no such metric"
                                      : same_rows     ? "there is no row"
                                                  : "the systems have not the same scored rows"));
      results.push_back(std::move(result));
      continue;
    }
    const CountFigure figure = [&](std::span<const double> sums, bool single) {
      return form->figure(sums, single);
    };
    const std::vector<PairedResult> found =
        bootstrap ? paired_bootstrap(tables, figure, resamples, seed_of(options))
                  : approximate_randomization(tables, figure, resamples,
                                              options.confidence_resamples, seed_of(options));
    for (std::size_t s = 0; s < systems.size(); ++s) {
      Object result{
          {"metric", metrics[m].info->name},
          {"system", systems[s].name      },
          {"score",  found[s].score       }
      };
      if (found[s].p) result.add("p_value", *found[s].p);
      if (found[s].mean) result.add("mean", *found[s].mean);
      if (found[s].half_ci) result.add("ci", *found[s].half_ci);
      if (s > 0) result.add("difference", found[s].score - found.front().score);
      result.add("n", static_cast<std::int64_t>(tables[s].segments()));
      result.add("signature", form->sacrebleu_signature(test));
      results.push_back(std::move(result));
    }
  }
}

}  // namespace

Object test_systems(const std::vector<ScoreMetric>& metrics,
                    const std::vector<ScoredSystem>& systems, const ScoreTestOptions& options) {
  List results;
  if (options.method == Method::paired)
    test_paired(metrics, systems, options, results);
  else
    test_as_sacrebleu(metrics, systems, options, results);
  return {
      {"test",      options.method == Method::paired         ? "paired"
               : options.method == Method::sacrebleu_bs ? "sacrebleu-bs"
                                                        : "sacrebleu-ar"},
      {"resamples", static_cast<std::int64_t>(resamples_of(options))                  },
      {"seed",      seed_of(options)                                                  },
      {"baseline",  systems.front().name                                              },
      {"results",   std::move(results)                                                }
  };
}

}  // namespace llmops
