// The document of `--json`. A number that is absent or not finite is left out, and a warning says
// which and why.
#include <fmt/format.h>

#include <cmath>

#include "ci/reports/figures.h"
#include "ci/reports/report.h"

namespace llmops {
namespace {

class Document {
 public:
  explicit Document(const ReportInput& input) : input_(input) {}

  Value make() {
    Object out;
    out.add("schema_version", 1);
    out.add("command", input_.command);
    out.add("run", run());
    out.add("prompt", input_.run.prompt);
    out.add("dataset", input_.run.dataset);
    out.add("model", input_.run.model);
    if (!input_.run.hardware.empty()) out.add("hardware", input_.run.hardware);
    out.add("metrics", metrics());
    out.add("usage", figures(
                         {
                             {"input_tokens",     "input_tokens"    },
                             {"output_tokens",    "output_tokens"   },
                             {"cost_usd",         "cost_per_case"   },
                             {"total_tokens",     "total_tokens"    },
                             {"cached_tokens",    "cached_tokens"   },
                             {"reasoning_tokens", "reasoning_tokens"}
    },
                         "usage", 3, true));
    out.add(
        "latency",
        figures(
            {
                {"ttft_ms", "ttft"   },
                {"tpot_ms", "tpot"   },
                {"e2e_ms",  "latency"},
                {"itl_ms",  "itl"    }
    },
            "latency", 3, false));
    if (input_.comparison != nullptr) out.add("baseline", baseline());
    out.add("comparison", comparison());
    out.add("verdict", verdict());
    out.add("findings", findings());
    List warnings;
    for (const std::string& warning : all_warnings(input_)) warnings.push_back(warning);
    for (const std::string& warning : missing_) warnings.push_back(warning);
    out.add("warnings", std::move(warnings));
    return out;
  }

 private:
  void number(Object& to, std::string_view key, std::optional<double> value,
              const std::string& place = "") {
    if (!value) return;
    if (std::isfinite(*value)) {
      to.add(std::string(key), *value);
    } else {
      missing_.push_back(
          fmt::format("{}{}{} is not a finite number", place, place.empty() ? "" : ".", key));
    }
  }

  static void text(Object& to, std::string_view key, const std::string& value) {
    if (!value.empty()) to.add(std::string(key), value);
  }

  void interval(Object& to, std::optional<double> low, std::optional<double> high) {
    if (low && high && std::isfinite(*low) && std::isfinite(*high))
      to.add("interval", List{*low, *high});
  }

  static List texts(const std::vector<std::string>& from) {
    List list;
    for (const std::string& item : from) list.push_back(item);
    return list;
  }

  Object run() {
    const RunHeader& header = input_.run;
    const RunCounts& counts = header.counts;
    Object out{
        {"id",      header.id     },
        {"cases",   counts.cases  },
        {"samples", counts.samples}
    };
    out.add("calls", Object{
                         {"made",    counts.made   },
                         {"cached",  counts.cached },
                         {"failed",  counts.failed },
                         {"retried", counts.retried}
    });
    if (!header.side_uses.empty()) out.add("judges", judges_value(header.side_uses));
    number(out, "cost_usd", header.cost_usd, "run");
    number(out, "wall_s", header.wall_s, "run");
    text(out, "created", header.created);
    text(out, "suite", header.suite);
    out.add("seed", Value(header.seed));
    out.add("samples_per_case", header.samples_per_case);
    out.add("complete", header.complete);
    text(out, "why_incomplete", header.why_incomplete);
    if (header.shards > 0) {
      out.add("shard", header.shard);
      out.add("shards", header.shards);
    }
    const auto classes = [&](const char* key, const auto& entries) {
      if (entries.empty()) return;
      Object found;
      for (const auto& entry : entries) found.add(entry.first, entry.second);
      out.add(key, std::move(found));
    };
    classes("errors", counts.errors);
    classes("faults", counts.faults);
    return out;
  }

  // The evaluators' scores, and the two rates that have no other place.
  Object metrics() {
    Object out;
    for (const MeasureSummary& figures : input_.summary.measures) {
      const Measure& measure = figures.measure;
      if (measure.builtin && measure.name != "error_rate" && measure.name != "coverage") continue;
      Object one;
      number(one, "mean", figures.mean, "metrics." + measure.name);
      one.add("n", figures.n);
      one.add("unscored", figures.unscored);
      interval(one, figures.interval_low, figures.interval_high);
      if (figures.level != 0.95) one.add("interval_level", figures.level);
      text(one, "signature", measure.signature);
      if ((measure.kind == ScoreKind::binary || measure.kind == ScoreKind::bounded) &&
          std::isfinite(measure.range.low) && std::isfinite(measure.range.high))
        one.add("range", List{measure.range.low, measure.range.high});
      one.add("better", std::string(name(measure.better)));
      one.add("kind", std::string(name(measure.kind)));
      if (!figures.why.empty())
        text(one, "why", figures.why);  // a warning says it too
      else if (!figures.mean)
        missing_.push_back(
            fmt::format("metrics.{}.mean is absent: no case has a value", measure.name));
      else if (!figures.interval_low || !figures.interval_high)
        missing_.push_back(fmt::format("metrics.{}.interval is absent: {} case{} {} too few",
                                       measure.name, figures.n, figures.n == 1 ? "" : "s",
                                       figures.n == 1 ? "is" : "are"));
      out.add(measure.name, std::move(one));
    }
    return out;
  }

  struct Place {
    const char* key;
    const char* measure;
  };
  // The first `always` keys stand there even where nothing was measured.
  Object figures(std::initializer_list<Place> places, const char* section, int always, bool total) {
    Object out;
    int at = 0;
    for (const Place& place : places) {
      const MeasureSummary* found = nullptr;
      for (const MeasureSummary& figures : input_.summary.measures)
        if (figures.measure.builtin && figures.measure.name == place.measure) found = &figures;
      const bool measured = found != nullptr && found->mean.has_value();
      if (at++ >= always && !measured) continue;
      Object one;
      if (measured) {
        const std::string where = fmt::format("{}.{}", section, place.key);
        number(one, "mean", found->mean, where);
        number(one, "p50", found->p50, where);
        number(one, "p90", found->p90, where);
        number(one, "p95", found->p95, where);
        number(one, "p99", found->p99, where);
        number(one, "max", found->max, where);
        if (total) number(one, "total", found->total, where);
        one.add("n", found->n);
      } else {
        missing_.push_back(fmt::format("{}.{} is absent: no call reported it", section, place.key));
      }
      out.add(place.key, std::move(one));
    }
    return out;
  }

  Object baseline() {
    const Comparison& comparison = *input_.comparison;
    Object out{
        {"id",           comparison.baseline_id},
        {"paired",       comparison.paired     },
        {"shared_cases", comparison.shared     }
    };
    out.add("only_baseline", Object{
                                 {"count", comparison.only_baseline_count },
                                 {"first", texts(comparison.only_baseline)}
    });
    out.add("only_candidate", Object{
                                  {"count", comparison.only_candidate_count },
                                  {"first", texts(comparison.only_candidate)}
    });
    out.add("changed_content", comparison.changed_content);
    out.add("outputs_identical", comparison.outputs_identical);
    out.add("changed", texts(comparison.changed));
    text(out, "not_comparable", comparison.not_comparable);
    return out;
  }

  Object comparison() {
    Object out;
    if (input_.comparison == nullptr) return out;
    for (const MetricComparison& compared : input_.comparison->metrics)
      out.add(compared.metric, metric(compared));
    return out;
  }

  Object metric(const MetricComparison& compared) {
    const std::string where = "comparison." + compared.metric;
    Object one;
    number(one, "baseline_mean", compared.baseline_mean, where);
    number(one, "candidate_mean", compared.candidate_mean, where);
    number(one, "difference", compared.difference, where);
    interval(one, compared.interval_low, compared.interval_high);
    text(one, "test", compared.test);
    number(one, "statistic", compared.statistic, where);
    number(one, "df", compared.df, where);
    number(one, "p_value", compared.p_value, where);
    text(one, "why_no_test", compared.why_no_test);
    one.add("n", compared.n);
    number(one, "mde", compared.mde, where);
    one.add("wins", compared.wins);
    one.add("losses", compared.losses);
    one.add("ties", compared.ties);
    text(one, "method", compared.method);
    text(one, "why", compared.why);
    text(one, "refusal", compared.refusal);
    one.add("quantity", compared.quantity);
    text(one, "where", compared.where);
    one.add("scale", std::string(name(compared.scale)));
    number(one, "estimate", compared.estimate, where);
    number(one, "lower", compared.lower, where);
    number(one, "upper", compared.upper, where);
    number(one, "alpha", compared.alpha, where);
    number(one, "margin", compared.margin, where);
    number(one, "p_worse", compared.p_worse, where);
    number(one, "p_worse_adjusted", compared.p_worse_adjusted, where);
    if (compared.outcome) one.add("outcome", std::string(name(*compared.outcome)));
    one.add("notes", texts(compared.notes));
    if (compared.ratio) {
      Object ratio;
      number(ratio, "value", compared.ratio, where + ".ratio");
      interval(ratio, compared.ratio_low, compared.ratio_high);
      one.add("ratio", std::move(ratio));
    }
    number(one, "worst_case_lower", compared.worst_case_lower, where);
    number(one, "worst_case_upper", compared.worst_case_upper, where);
    one.add("failed", compared.failed);
    number(one, "certifiable_margin", compared.certifiable_margin, where);
    number(one, "power", compared.power, where);
    if (compared.cases_needed) one.add("cases_needed", *compared.cases_needed);
    one.add("clusters", compared.clusters);
    one.add("repeats", compared.repeats);
    one.add("dropped", compared.dropped);
    if (compared.variance_between || compared.variance_within) {
      Object variance;
      number(variance, "between", compared.variance_between, where + ".variance");
      number(variance, "within", compared.variance_within, where + ".variance");
      one.add("variance", std::move(variance));
    }
    List worst;
    for (const auto& entry : compared.worst) {
      Object loss{
          {"case_id", entry.first}
      };
      number(loss, "difference", entry.second, where + ".worst");
      worst.push_back(std::move(loss));
    }
    one.add("worst", std::move(worst));
    const auto reason = [](const std::string& given, const char* otherwise) {
      return given.empty() ? std::string(otherwise) : given;
    };
    if (!compared.difference)
      missing_.push_back(where + ".difference is absent: " +
                         reason(compared.why_no_test, "no case has a value in both runs"));
    else if (!compared.p_value)
      missing_.push_back(where +
                         ".p_value is absent: " + reason(compared.why_no_test, "not testable"));
    if (!compared.lower && !compared.refusal.empty())
      missing_.push_back(where + ".lower is absent: " + compared.refusal);
    return one;
  }

  // A run that nothing gated still has an outcome: pass, or incomplete.
  Object verdict() {
    Object out{
        {"outcome",  std::string(name(outcome_of(input_)))},
        {"headline", headline(input_)                     },
        {"gated",    input_.verdict != nullptr            }
    };
    List rules;
    if (input_.verdict != nullptr) {
      for (const RuleOutcome& result : input_.verdict->rules) {
        Object rule{
            {"rule",    result.rule.text                 },
            {"metric",  result.rule.metric               },
            {"outcome", std::string(name(result.outcome))},
            {"why",     result.why                       },
            {"primary", result.rule.primary              }
        };
        const std::string where = fmt::format("verdict.rules.{}", rules.size());
        number(rule, "value", result.value, where);
        number(rule, "lower", result.lower, where);
        number(rule, "upper", result.upper, where);
        number(rule, "p_value", result.p_value, where);
        rules.push_back(std::move(rule));
      }
    }
    out.add("rules", std::move(rules));
    return out;
  }

  List findings() {
    List all;
    for (const Finding& finding : input_.findings) {
      Object one{
          {"kind",    finding.kind   },
          {"subject", finding.subject}
      };
      number(one, "baseline", finding.baseline);
      number(one, "candidate", finding.candidate);
      text(one, "unit", finding.unit);
      if (!finding.parts.empty()) {
        Object parts;
        for (const CausePart& part : finding.parts) number(parts, part.name, part.amount);
        one.add("parts", std::move(parts));
      }
      one.add("sentence", finding.sentence);
      all.push_back(std::move(one));
    }
    return all;
  }

  const ReportInput& input_;
  std::vector<std::string> missing_;
};

}  // namespace

Value judges_value(const std::vector<SideUse>& uses) {
  List all;
  for (const SideUse& use : uses) {
    Object out{
        {"evaluator", use.evaluator},
        {"model",     use.model    }
    };
    out.add("calls", Object{
                         {"made",    use.made   },
                         {"cached",  use.cached },
                         {"failed",  use.failed },
                         {"retried", use.retried}
    });
    out.add("answered", use.answered);
    out.add("input_tokens", use.input_tokens);
    out.add("output_tokens", use.output_tokens);
    out.add("cost_usd", use.cost_usd);
    all.push_back(std::move(out));
  }
  return all;
}

Value to_json(const ReportInput& input) { return Document(input).make(); }

}  // namespace llmops
