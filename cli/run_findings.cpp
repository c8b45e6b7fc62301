#include "cli/run_findings.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "ci/baseline.h"
#include "ci/gate/wording.h"
#include "ci/trend.h"
#include "cli/outputs.h"
#include "datasets/text/utf8.h"

namespace llmops {
namespace {

struct Pair {
  std::string baseline, candidate;
  OutputFiles files;
};

ExitCode compare_runs(const Pair& options, const StoreOptions& where, Console& console) {
  const Result<std::shared_ptr<Store>> store = open_store(where);
  if (!store) return console.reject(store.problems(), "runs compare");
  Diagnostics problems;
  Result<std::shared_ptr<const RunSource>> baseline =
      open_run_or_baseline(**store, options.baseline);
  if (!baseline) append(problems, baseline.problems());
  const Result<StoredRunInfo> candidate = (*store)->find_run(options.candidate);
  if (!candidate) append(problems, candidate.problems());
  if (has_errors(problems)) return console.reject(problems, "runs compare");
  const Decided decided = decide_run(**store, candidate->header, nullptr, *std::move(baseline));
  return publish(**store, decided, nullptr, "runs compare", options.files, console);
}

struct TrendOptions {
  std::vector<std::string> metrics;
  std::size_t last = 200;
  bool all_suites = false;
  std::uint64_t seed = 1;
};

Object change_value(const TrendChange& change) {
  Object out{
      {"run",     change.run    },
      {"created", change.created},
      {"before",  change.before },
      {"after",   change.after  },
      {"p_value", change.p      },
      {"worse",   change.worse  }
  };
  if (change.relative) out.add("relative", *change.relative);
  if (change.interval_low && change.interval_high)
    out.add("interval", List{*change.interval_low, *change.interval_high});
  return out;
}

Object trend_value(const Trend& trend) {
  List points, changes;
  for (const TrendPoint& point : trend.points)
    points.push_back(Object{
        {"run",     point.run    },
        {"created", point.created},
        {"mean",    point.value  },
        {"cases",   point.cases  }
    });
  for (const TrendChange& change : trend.changes) changes.push_back(change_value(change));
  Object out{
      {"metric",  trend.measure.name},
      {"points",  std::move(points) },
      {"changes", std::move(changes)}
  };
  if (!trend.refusal.empty()) out.add("why", trend.refusal);
  return out;
}

// The history as one row of bars between its lowest and highest mean.
std::string bars(const std::vector<TrendPoint>& points) {
  constexpr std::string_view kBars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  const auto [low, high] = std::ranges::minmax_element(points, {}, &TrendPoint::value);
  std::string text;
  for (const TrendPoint& point : points) {
    const double share =
        high->value > low->value ? (point.value - low->value) / (high->value - low->value) : 0;
    text += kBars[static_cast<std::size_t>(share * 7)];
  }
  return text;
}

std::string trend_text(const Trend& trend) {
  if (trend.points.empty()) return "";
  std::vector<TrendPoint> newest = trend.points;
  if (newest.size() > 60) newest.erase(newest.begin(), newest.end() - 60);
  std::string text = fmt::format("{:<22} {:>10} -> {:<10} {}\n", trend.measure.name,
                                 figure(trend.points.front().value),
                                 figure(trend.points.back().value), bars(newest));
  for (const TrendChange& change : trend.changes)
    text += fmt::format(
        "  {} from {} to {}{} since {} (run {}, {})\n",
        change.worse ? "worse:" : "changed:", figure(change.before), figure(change.after),
        change.relative
            ? fmt::format(" ({}{})", *change.relative > 0 ? "+" : "", percent(*change.relative))
            : "",
        change.created, change.run, p_text(change.p));
  if (!trend.refusal.empty()) text += "  no change looked for: " + trend.refusal + "\n";
  return text;
}

ExitCode show_trend(const TrendOptions& options, const StoreOptions& where, Console& console) {
  const Result<std::shared_ptr<Store>> store = open_store(where);
  if (!store) return console.reject(store.problems(), "runs trend");
  std::vector<std::unique_ptr<RunSource>> runs;  // newest first
  for (const StoredRunInfo& info : (*store)->runs()) {
    const bool same =
        runs.empty() || options.all_suites || info.header.suite == runs.front()->header().suite;
    if (info.header.complete && same && runs.size() < options.last)
      runs.push_back((*store)->open_run(info.header));
  }
  if (runs.empty())
    return console.reject({problem("no complete run is stored", "", "run `llmops eval` first")},
                          "runs trend");
  std::vector<std::string> metrics;
  for (const Measure& measure : runs.front()->header().measures) metrics.push_back(measure.name);
  Diagnostics problems;
  const std::vector<std::string_view> known(metrics.begin(), metrics.end());
  for (const std::string& metric : options.metrics)
    if (std::ranges::find(known, metric) == known.end())
      problems.push_back(problem(fmt::format("the newest run has no measure `{}`", metric),
                                 expected_one_of(known), did_you_mean(metric, known)));
  if (has_errors(problems)) return console.reject(problems, "runs trend");

  std::vector<const RunSource*> in_time;
  for (auto run = runs.rbegin(); run != runs.rend(); ++run) in_time.push_back(run->get());
  List trends;
  std::string text = fmt::format("{}, oldest first; means over the cases of each run\n",
                                 counted(std::ssize(in_time), "run"));
  for (const std::string& metric : options.metrics.empty() ? metrics : options.metrics) {
    const Trend trend = find_trend(in_time, metric, options.seed);
    if (trend.points.empty()) continue;
    trends.push_back(trend_value(trend));
    text += visible_lines(trend_text(trend));
  }
  if (console.json())
    console.print_json(Object{
        {"schema_version", 1                                     },
        {"command",        "runs trend"                          },
        {"runs",           static_cast<std::int64_t>(runs.size())},
        {"suite",          runs.front()->header().suite          },
        {"trends",         std::move(trends)                     }
    });
  else
    console.print(text);
  return ExitCode::passed;
}

}  // namespace

RunCommand declare_runs_compare(CLI::App& app, const StoreOptions& store) {
  auto options = std::make_shared<Pair>();
  app.add_option("A", options->baseline, "the earlier run: id, prefix, or a baseline file")
      ->required();
  app.add_option("B", options->candidate, "the later run: id, prefix, or `last`")->required();
  declare_output_options(app, options->files);
  return [options, &store](Console& console) { return compare_runs(*options, store, console); };
}

RunCommand declare_runs_trend(CLI::App& app, const StoreOptions& store) {
  auto options = std::make_shared<TrendOptions>();
  app.add_option("METRIC", options->metrics, "measures to follow (default: all)");
  app.add_option("--last", options->last, "how many runs")->capture_default_str();
  app.add_flag("--all-suites", options->all_suites,
               "runs of every suite (default: of the newest run's suite)");
  app.add_option("--seed", options->seed, "of the permutations")->capture_default_str();
  return [options, &store](Console& console) { return show_trend(*options, store, console); };
}

}  // namespace llmops
