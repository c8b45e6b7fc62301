// The JSON document of a bench run (schema: ci/serving/bench.schema.json).
#include "cli/bench/report.h"

namespace llmops {
namespace {

Value load_value(const BenchSide& side, std::size_t number) {
  const LoadResult& load = side.loads[number];
  List seconds;
  for (const LoadSecond& second : load.seconds)
    seconds.push_back(Object{
        {"sent",          second.sent         },
        {"done",          second.done         },
        {"failed",        second.failed       },
        {"output_tokens", second.output_tokens},
        {"in_flight",     second.in_flight    }
    });
  Object out{
      {"wall_s",           load.wall_s          },
      {"most_in_flight",   load.most_in_flight  },
      {"never_sent",       load.never_sent      },
      {"loop_lag_p99_ms",  load.loop_lag_p99_ms },
      {"client_cpu_share", load.client_cpu_share}
  };
  if (load.window_to_s > load.window_from_s)
    out.add("window_s", List{load.window_from_s, load.window_to_s});
  if (const auto lag = load.schedule_lag.quantile(0.99)) out.add("schedule_lag_p99_ms", *lag);
  out.add("host", to_value(side.host[number]));
  out.add("seconds", std::move(seconds));
  return out;
}

Value side_value(const BenchSide& side, const GpuTelemetry* gpu) {
  Object out{
      {"figures", to_value(side.figures)}
  };
  if (!side.server.server.empty()) out.add("server", to_value(side.server));
  if (gpu != nullptr) {
    List cards;
    for (std::size_t card = 0; card < gpu->cards.size(); ++card) {
      std::vector<GpuFacts> facts;
      for (const std::vector<GpuFacts>& load : side.cards) facts.push_back(load.at(card));
      cards.push_back(to_value(gpu->cards[card], joined(facts)));
    }
    out.add("gpu", std::move(cards));
  }
  if (const auto joules = joules_per_token(side)) out.add("joules_per_output_token", *joules);
  List loads;
  for (std::size_t i = 0; i < side.loads.size(); ++i) loads.push_back(load_value(side, i));
  out.add("loads", std::move(loads));
  return out;
}

Value point_value(const BenchPoint& point, const GpuTelemetry* gpu) {
  Object out{
      {"name",    point.name                    },
      {"loop",    point.open ? "open" : "closed"},
      {"offered", point.offered                 }
  };
  Value side = side_value(point.side, gpu);
  for (Member& member : *side.object()) out.add(member.key, std::move(member.value));
  if (point.against) out.add("against", side_value(*point.against, gpu));
  return out;
}

Value gate_value(const Verdict& verdict) {
  List rules;
  for (const RuleOutcome& rule : verdict.rules) {
    Object out{
        {"rule",    rule.rule.text    },
        {"outcome", name(rule.outcome)},
        {"why",     rule.why          }
    };
    if (rule.value) out.add("value", *rule.value);
    if (rule.lower) out.add("lower", *rule.lower);
    if (rule.upper) out.add("upper", *rule.upper);
    rules.push_back(std::move(out));
  }
  return Object{
      {"outcome",  name(verdict.outcome)},
      {"headline", verdict.headline     },
      {"rules",    std::move(rules)     }
  };
}

// Means of both sides. Of interleaved loads the rounds tell how sure a change of a time is.
Value comparison_value(const Comparison& comparison, bool interleaved) {
  Object metrics;
  for (const MetricComparison& each : comparison.metrics) {
    if (!each.baseline_mean || !each.candidate_mean) continue;
    Object one{
        {"n",              each.n              },
        {"baseline_mean",  *each.baseline_mean },
        {"candidate_mean", *each.candidate_mean}
    };
    if (each.difference) one.add("difference", *each.difference);
    const bool sure = !interleaved || each.measure.unit != "ms";
    if (sure && each.interval_low && each.interval_high)
      one.add("interval", List{*each.interval_low, *each.interval_high});
    metrics.add(each.metric, std::move(one));
  }
  Object out{
      {"baseline", comparison.baseline_id         },
      {"changed",  List(comparison.changed.begin(), comparison.changed.end())},
      {"metrics",          std::move(metrics)                                }
  };
  if (!comparison.not_comparable.empty()) out.add("not_comparable", comparison.not_comparable);
  return out;
}

Value rounds_value(const std::vector<RoundChange>& rounds) {
  List out;
  for (const RoundChange& each : rounds) {
    Object change{
        {"metric",    each.metric                           },
        {"statistic", each.statistic                        },
        {"rounds",    static_cast<std::int64_t>(each.rounds)}
    };
    if (each.bounds) {
      change.add("ratio", each.bounds->ratio);
      change.add("lower", each.bounds->lower);
      change.add("upper", each.bounds->upper);
    } else {
      change.add("why", each.why_none);
    }
    out.push_back(std::move(change));
  }
  return out;
}

Value cause_value(const LatencyCause& cause) {
  Object out{
      {"requests", cause.cases        },
      {"splits",   splits_value(cause)}
  };
  if (!cause.refusal.empty()) out.add("refusal", cause.refusal);
  return out;
}

}  // namespace

Value bench_document(const BenchView& view) {
  const BenchJob& job = view.job;
  List points;
  for (const BenchPoint& point : job.points) points.push_back(point_value(point, job.gpu.get()));
  List objectives;
  for (const Objective& objective : view.suite.objectives)
    objectives.push_back(Object{
        {"metric",   objective.metric  },
        {"limit_ms", objective.limit_ms}
    });
  List warnings(job.warnings.begin(), job.warnings.end());
  if (job.gpu == nullptr) warnings.push_back("gpu: not measured: " + job.why_no_gpu);
  Object out{
      {"schema_version", 1                    },
      {"command",        "bench"              },
      {"run",            to_value(view.header)},
      {"objectives",     std::move(objectives)},
      {"points",         std::move(points)    }
  };
  if (view.suite.sweep) {
    if (job.best_rate) out.add("best_rate", *job.best_rate);
    if (!job.saturated.empty()) out.add("saturated", job.saturated);
    if (!job.best_rate) warnings.push_back("best_rate: no rate that was tried kept the objectives");
  }
  if (job.gpu != nullptr) out.add("driver", job.gpu->driver);
  out.add("client_error_ms", client_error_ms(job.points.empty() ? std::vector<LoadResult>()
                                                                : job.points.front().side.loads));
  if (view.gate.verdict) out.add("verdict", gate_value(*view.gate.verdict));
  if (view.gate.comparison)
    out.add("comparison", comparison_value(*view.gate.comparison, !view.gate.rounds.empty()));
  if (!view.gate.rounds.empty()) out.add("rounds", rounds_value(view.gate.rounds));
  if (view.gate.cause) out.add("latency_cause", cause_value(*view.gate.cause));
  out.add("warnings", std::move(warnings));
  return out;
}

}  // namespace llmops
