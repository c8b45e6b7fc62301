#include "cli/bench/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ci/gate/wording.h"
#include "ci/reports/escape.h"
#include "datasets/text/files.h"
#include "datasets/text/utf8.h"

namespace llmops {
namespace {

std::string text_of(const Object& from, std::string_view key) {
  const Value* found = from.find(key);
  return found == nullptr ? "" : to_text(*found);
}

std::string ms(const std::optional<double>& value) {
  if (!value) return "-";
  if (*value >= 1000) return fmt::format("{:.0f}", *value);
  if (*value >= 100) return fmt::format("{:.1f}", *value);
  return fmt::format("{:.2f}", *value);
}

std::optional<double> quantile(const TimeFigure& figure, double p) {
  for (const QuantileFigure& each : figure.quantiles)
    if (each.p == p) return each.value;
  return std::nullopt;
}

std::string span(const std::optional<double>& low, const std::optional<double>& high) {
  if (!low && !high) return "";
  return fmt::format("[{}, {}]", low ? ms(low) : std::string("?"),
                     high ? ms(high) : std::string("?"));
}

std::string times_table(const LoadFigures& figures) {
  std::string text =
      fmt::format("  {:<13} {:>7} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}   {}\n", "ms", "n", "mean",
                  "p50", "p90", "p95", "p99", "p99.9", "p95 interval, 95 %");
  for (const TimeFigure& figure : figures.times) {
    if (figure.n == 0) continue;
    std::string interval;
    for (const QuantileFigure& each : figure.quantiles)
      if (each.p == 0.95) interval = span(each.low, each.high);
    text += fmt::format("  {:<13} {:>7} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}   {}\n", figure.name,
                        figure.n, ms(figure.mean), ms(quantile(figure, 0.5)),
                        ms(quantile(figure, 0.9)), ms(quantile(figure, 0.95)),
                        ms(quantile(figure, 0.99)), ms(quantile(figure, 0.999)), interval);
  }
  if (figures.token_gaps.count() > 0)
    text +=
        fmt::format("  {:<13} {:>7} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}\n", "token gap",
                    figures.token_gaps.count(),
                    ms(figures.token_gaps.sum() / static_cast<double>(figures.token_gaps.count())),
                    ms(figures.token_gaps.quantile(0.5)), ms(figures.token_gaps.quantile(0.9)),
                    ms(figures.token_gaps.quantile(0.95)), ms(figures.token_gaps.quantile(0.99)),
                    ms(figures.token_gaps.quantile(0.999)));
  return text;
}

std::string point_text(const BenchPoint& point, const std::vector<Objective>& objectives) {
  const LoadFigures& figures = point.figures;
  std::string text =
      fmt::format("{}: {} requests, {} failed{}{}\n", point.name, figures.requests, figures.failed,
                  figures.warm_up > 0 ? fmt::format(", {} to warm up", figures.warm_up) : "",
                  figures.whole_run ? ", no steady window: the whole run is shown" : "");
  for (const auto& [kind, count] : figures.errors)
    text += fmt::format("  failed: {} {}\n", kind, count);
  text += times_table(figures);
  const Throughput& through = figures.steady;
  text += fmt::format(
      "  throughput    {:.4g} requests/s, {:.4g} output tokens/s, {:.4g} tokens/s over {:.1f} s\n",
      through.requests_per_s, through.output_tokens_per_s, through.total_tokens_per_s,
      through.seconds);
  if (figures.input_tokens || figures.output_tokens)
    text += fmt::format(
        "  tokens        {} in, {} out a request{}{}\n",
        figures.input_tokens ? fmt::format("{:.1f}", *figures.input_tokens) : "-",
        figures.output_tokens ? fmt::format("{:.1f}", *figures.output_tokens) : "-",
        figures.input_off
            ? fmt::format("; input off by {:.1f} from what was wished", *figures.input_off)
            : "",
        figures.cache_hit_rate
            ? fmt::format("; prefix cache served {:.1f} %", 100 * *figures.cache_hit_rate)
            : "");
  text += fmt::format("  in flight     {:.1f} on average\n", figures.in_flight);
  if (figures.goodput) {
    std::string limits;
    for (const Objective& objective : objectives)
      limits += fmt::format("{}{} <= {} ms", limits.empty() ? "" : ", ", objective.metric,
                            ms(objective.limit_ms));
    text +=
        fmt::format("  goodput       {:.1f} % [{:.1f}, {:.1f}], {:.4g} requests/s within {}\n",
                    100 * *figures.goodput, 100 * figures.goodput_low.value_or(0),
                    100 * figures.goodput_high.value_or(1), figures.good_per_s.value_or(0), limits);
  }
  if (!point.server.server.empty()) {
    const ServerReport& server = point.server;
    text += fmt::format("  {:<13} ", visible(server.server));
    std::string facts;
    const auto add = [&](const char* name, const std::optional<double>& value, const char* unit) {
      if (value)
        facts += fmt::format("{}{} {}{}", facts.empty() ? "" : ", ", name, ms(value), unit);
    };
    if (server.restarted) facts = "restarted during the load";
    add("queue", server.queue_ms, " ms");
    add("prefill", server.prefill_ms, " ms");
    add("TTFT", server.ttft_ms, " ms");
    add("per token", server.decode_token_ms, " ms");
    add("running", server.running_mean, "");
    add("waiting", server.waiting_mean, "");
    if (server.kv_usage_max)
      facts += fmt::format(", KV cache {:.0f} % at most", 100 * *server.kv_usage_max);
    if (server.cache_hit_rate)
      facts += fmt::format(", prefix cache {:.1f} %", 100 * *server.cache_hit_rate);
    text += facts + "\n";
  }
  return text;
}

std::string sweep_text(const BenchView& view) {
  std::string text = fmt::format("{:>10} {:>10} {:>12} {:>10} {:>10} {:>9}\n", "offered/s",
                                 "answered/s", "out tokens/s", "ttft p95", "tpot p50", "goodput");
  for (const BenchPoint& point : view.job.points) {
    const LoadFigures& figures = point.figures;
    const TimeFigure* ttft = figures.find("ttft");
    const TimeFigure* tpot = figures.find("tpot");
    text += fmt::format(
        "{:>10} {:>10.4g} {:>12.4g} {:>10} {:>10} {:>9}\n",
        point.open ? fmt::format("{:.4g}", point.offered) : point.name,
        figures.steady.requests_per_s, figures.steady.output_tokens_per_s,
        ttft != nullptr ? ms(quantile(*ttft, 0.95)) : std::string("-"),
        tpot != nullptr ? ms(quantile(*tpot, 0.5)) : std::string("-"),
        figures.goodput ? fmt::format("{:.1f} %", 100 * *figures.goodput) : std::string("-"));
  }
  return text;
}

std::string client_text(const BenchJob& job) {
  double lag = 0, loop = 0, cpu = 0;
  std::int64_t never = 0;
  for (const BenchPoint& point : job.points)
    for (const LoadResult& load : point.loads) {
      lag = std::max(lag, load.schedule_lag.quantile(0.99).value_or(0));
      loop = std::max(loop, load.loop_lag_p99_ms);
      cpu = std::max(cpu, load.client_cpu_share);
      never += load.never_sent;
    }
  std::string text =
      fmt::format("own error     schedule {:.3f} ms, loop {:.3f} ms (p99), {:.0f} % of a core\n",
                  lag, loop, 100 * cpu);
  if (cpu > 0.8) text += "              the client is near its limit: its times are upper bounds\n";
  if (never > 0)
    text += fmt::format("              {} were due and never sent: the cap held them back\n",
                        counted(never, "request"));
  return text;
}

std::string gpu_text(const BenchJob& job) {
  if (job.gpu == nullptr) return "gpu           not measured: " + visible(job.why_no_gpu) + "\n";
  std::string text;
  double tokens = 0;
  for (const BenchPoint& point : job.points)
    for (const LoadResult& load : point.loads)
      for (const LoadSecond& second : load.seconds)
        tokens += static_cast<double>(second.output_tokens);
  double joules = 0;
  for (const GpuCard& card : job.gpu->cards) {
    const GpuFacts facts = gpu_facts(card);
    text += fmt::format("gpu           {}", visible(card.name));
    const auto add = [&](const char* what, const std::optional<double>& value, const char* unit) {
      if (value) text += fmt::format(", {}{:.4g}{}", what, *value, unit);
    };
    add("", facts.power_w, " W");
    add("SM ", facts.sm_mhz, " MHz");
    add("busy ", facts.busy_percent, " %");
    add("at most ", facts.temperature_c_most, " C");
    if (const std::string why = throttle_text(facts.throttle); !why.empty())
      text +=
          fmt::format(", throttled {:.0f} % of the time by {}", 100 * facts.throttled_share, why);
    if (facts.processes > 1) text += fmt::format(", {} processes compute on it", facts.processes);
    text += "\n";
    joules += facts.energy_j.value_or(0);
  }
  if (joules > 0 && tokens > 0)
    text +=
        fmt::format("energy        {:.4g} J, {:.4g} J an output token\n", joules, joules / tokens);
  return text;
}

std::string gate_text(const BenchView& view) {
  std::string text;
  if (view.gate.verdict) {
    text += visible(view.gate.verdict->headline) + "\n";
    for (const RuleOutcome& rule : view.gate.verdict->rules)
      text += fmt::format("  {:<14} {}\n", name(rule.outcome), visible(rule.why));
    text += "\n";
  }
  if (view.gate.comparison && !view.gate.comparison->not_comparable.empty())
    text += "not comparable: " + visible(view.gate.comparison->not_comparable) + "\n\n";
  if (view.gate.cause)
    for (const LatencySplit& split : view.gate.cause->splits) {
      text += fmt::format("latency, {}: {} -> {} ms. {}\n", split.quantity, ms(split.baseline_ms),
                          ms(split.candidate_ms), visible(split.sentence));
      for (const LatencyPart& part : split.parts)
        text += fmt::format("  {:<20} {:>+10.2f} ms\n", part.name, part.ms);
    }
  return text;
}

Value load_value(const LoadResult& load) {
  List seconds;
  for (const LoadSecond& second : load.seconds)
    seconds.push_back(Object{
        {"sent",          second.sent         },
        {"done",          second.done         },
        {"failed",        second.failed       },
        {"output_tokens", second.output_tokens},
        {"in_flight",     second.in_flight    }
    });
  return Object{
      {"wall_s",              load.wall_s                                 },
      {"window_s",            List{load.window_from_s, load.window_to_s}  },
      {"most_in_flight",      load.most_in_flight                         },
      {"never_sent",          load.never_sent                             },
      {"schedule_lag_p99_ms", load.schedule_lag.quantile(0.99).value_or(0)},
      {"loop_lag_p99_ms",     load.loop_lag_p99_ms                        },
      {"client_cpu_share",    load.client_cpu_share                       },
      {"seconds",             std::move(seconds)                          }
  };
}

Value point_value(const BenchPoint& point) {
  Object out{
      {"name",    point.name                    },
      {"loop",    point.open ? "open" : "closed"},
      {"offered", point.offered                 },
      {"figures", to_value(point.figures)       }
  };
  if (point.against_figures) out.add("against", to_value(*point.against_figures));
  if (!point.server.server.empty()) out.add("server", to_value(point.server));
  List loads;
  for (const LoadResult& load : point.loads) loads.push_back(load_value(load));
  out.add("loads", std::move(loads));
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

Value cause_value(const LatencyCause& cause) {
  List splits;
  for (const LatencySplit& split : cause.splits) {
    Object parts;
    for (const LatencyPart& part : split.parts) parts.add(std::string(part.name), part.ms);
    splits.push_back(Object{
        {"quantity",     split.quantity    },
        {"baseline_ms",  split.baseline_ms },
        {"candidate_ms", split.candidate_ms},
        {"change_ms",    split.change_ms   },
        {"parts_ms",     std::move(parts)  },
        {"sentence",     split.sentence    }
    });
  }
  Object out{
      {"splits", std::move(splits)}
  };
  if (!cause.refusal.empty()) out.add("refusal", cause.refusal);
  return out;
}

}  // namespace

std::string bench_screen(const BenchView& view, int) {
  const BenchJob& job = view.job;
  std::string text = gate_text(view);
  text += fmt::format("{} at {}\n", visible(text_of(view.header.model, "name")),
                      visible(text_of(view.header.model, "base_url")));
  for (const std::string& warning : job.warnings) text += "note          " + warning + "\n";
  text += "\n";
  if (job.points.size() > 1) text += sweep_text(view) + "\n";
  if (view.suite.sweep) {
    text += job.best_rate ? fmt::format("highest rate within the objectives: {:.4g} requests/s\n",
                                        *job.best_rate)
                          : std::string("no rate that was tried kept the objectives\n");
    if (!job.saturated.empty()) text += "beyond it: " + job.saturated + "\n";
    text += "\n";
  } else {
    for (const BenchPoint& point : job.points) {
      text += point_text(point, view.suite.objectives);
      if (point.against_figures) {
        BenchPoint other{.name = "against", .figures = *point.against_figures};
        text += point_text(other, view.suite.objectives);
      }
      text += "\n";
    }
  }
  return text + client_text(job) + gpu_text(job);
}

Value bench_document(const BenchView& view) {
  List points;
  for (const BenchPoint& point : view.job.points) points.push_back(point_value(point));
  List objectives;
  for (const Objective& objective : view.suite.objectives)
    objectives.push_back(Object{
        {"metric",   objective.metric  },
        {"limit_ms", objective.limit_ms}
    });
  List warnings(view.job.warnings.begin(), view.job.warnings.end());
  Object out{
      {"schema_version", 1                    },
      {"command",        "bench"              },
      {"run",            to_value(view.header)},
      {"objectives",     std::move(objectives)},
      {"points",         std::move(points)    },
      {"warnings",       std::move(warnings)  }
  };
  if (view.suite.sweep)
    out.add("best_rate", view.job.best_rate ? Value(*view.job.best_rate) : Value());
  if (view.job.gpu != nullptr) out.add("gpu", to_value(*view.job.gpu));
  if (view.gate.verdict) out.add("verdict", gate_value(*view.gate.verdict));
  if (view.gate.cause) out.add("latency_cause", cause_value(*view.gate.cause));
  return out;
}

void write_bench_csv(const BenchView& view, std::FILE* out) {
  write_all(out,
            "point,repeat,conversation,turn,warm_up,scheduled_s,sent_s,end_s,header_ms,ttft_ms,"
            "service_ttft_ms,latency_ms,tpot_ms,itl_ms,input_tokens,output_tokens,cached_tokens,"
            "error\n");
  const auto number = [](float value) {
    return std::isnan(value) ? std::string() : fmt::format("{:.3f}", value);
  };
  const auto tokens = [](std::int32_t value) {
    return value < 0 ? std::string() : std::to_string(value);
  };
  for (const BenchPoint& point : view.job.points)
    for (std::size_t repeat = 0; repeat < point.loads.size(); ++repeat)
      for (const LoadRecord& record : point.loads[repeat].records)
        write_all(out,
                  fmt::format("{},{},{},{},{},{:.6f},{:.6f},{:.6f},{},{},{},{},{},{},{},{},{},{}\n",
                              point.name, repeat, record.conversation, record.turn,
                              record.warm_up ? 1 : 0, record.scheduled_s, record.sent_s,
                              record.end_s, number(record.header_ms), number(record.ttft_ms),
                              number(record.service_ttft_ms), number(record.latency_ms),
                              number(record.tpot_ms), number(record.itl_ms), tokens(record.input),
                              tokens(record.output), tokens(record.cached),
                              record.error == ErrorClass::none ? "" : name(record.error)));
}

Value vllm_result(const BenchView& view) {
  Object out;
  if (view.job.points.empty()) return out;
  const BenchPoint& point = view.job.points.front();
  const LoadFigures& figures = point.figures;
  out.add("date", view.header.created);
  out.add("backend", text_of(view.header.model, "provider"));
  out.add("model_id", text_of(view.header.model, "name"));
  out.add("num_prompts", figures.requests);
  out.add("request_rate", point.open ? Value(point.offered) : Value("inf"));
  out.add("max_concurrency", point.open ? Value() : Value(point.offered));
  out.add("duration", figures.steady.seconds);
  out.add("completed", figures.succeeded);
  out.add("total_input_tokens",
          figures.input_tokens.value_or(0) * static_cast<double>(figures.succeeded));
  out.add("total_output_tokens",
          figures.output_tokens.value_or(0) * static_cast<double>(figures.succeeded));
  out.add("request_throughput", figures.steady.requests_per_s);
  out.add("request_goodput", figures.good_per_s ? Value(*figures.good_per_s) : Value());
  out.add("output_throughput", figures.steady.output_tokens_per_s);
  out.add("total_token_throughput", figures.steady.total_tokens_per_s);
  constexpr std::pair<const char*, const char*> kNames[] = {
      {"ttft",    "ttft"},
      {"tpot",    "tpot"},
      {"itl",     "itl" },
      {"latency", "e2el"}
  };
  for (const auto& [ours, theirs] : kNames) {
    const TimeFigure* figure = figures.find(ours);
    if (figure == nullptr || figure->n == 0) continue;
    out.add(fmt::format("mean_{}_ms", theirs), *figure->mean);
    out.add(fmt::format("median_{}_ms", theirs), quantile(*figure, 0.5).value_or(0));
    for (const double p : {0.5, 0.9, 0.95, 0.99})
      out.add(fmt::format("p{:g}_{}_ms", 100 * p, theirs), quantile(*figure, p).value_or(0));
  }
  List ttfts, inputs, outputs, errors;
  for (const LoadResult& load : point.loads)
    for (const LoadRecord& record : load.records) {
      if (!in_window(load, record)) continue;
      ttfts.push_back(std::isnan(record.ttft_ms) ? Value() : Value(double{record.ttft_ms} / 1e3));
      inputs.emplace_back(std::max(0, record.input));
      outputs.emplace_back(std::max(0, record.output));
      errors.emplace_back(record.error == ErrorClass::none ? std::string_view()
                                                           : name(record.error));
    }
  out.add("ttfts", std::move(ttfts));
  out.add("input_lens", std::move(inputs));
  out.add("output_lens", std::move(outputs));
  out.add("errors", std::move(errors));
  return out;
}

}  // namespace llmops
