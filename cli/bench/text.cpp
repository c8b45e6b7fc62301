// The final screen of a bench run.
#include "cli/bench/report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "ci/gate/wording.h"
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

std::string gaps_row(const char* name, const TimeHistogram& gaps) {
  if (gaps.count() == 0) return "";
  return fmt::format("  {:<14} {:>7} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}\n", name, gaps.count(),
                     ms(gaps.sum() / static_cast<double>(gaps.count())), ms(gaps.quantile(0.5)),
                     ms(gaps.quantile(0.9)), ms(gaps.quantile(0.95)), ms(gaps.quantile(0.99)),
                     ms(gaps.quantile(0.999)));
}

std::string times_table(const LoadFigures& figures) {
  std::string text =
      fmt::format("  {:<14} {:>7} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}   {}\n", "ms", "n", "mean",
                  "p50", "p90", "p95", "p99", "p99.9", "p95 interval, 95 %");
  for (const TimeFigure& figure : figures.times) {
    if (figure.n == 0) continue;
    std::string interval;
    for (const QuantileFigure& each : figure.quantiles)
      if (each.p == 0.95) interval = span(each.low, each.high);
    text += fmt::format("  {:<14} {:>7} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}   {}\n", figure.name,
                        figure.n, ms(figure.mean), ms(quantile(figure, 0.5)),
                        ms(quantile(figure, 0.9)), ms(quantile(figure, 0.95)),
                        ms(quantile(figure, 0.99)), ms(quantile(figure, 0.999)), interval);
  }
  // Where every event holds one token the two are the same.
  if (figures.event_gaps.count() != figures.token_gaps.count())
    text += gaps_row("event gap", figures.event_gaps);
  return text + gaps_row("token gap", figures.token_gaps);
}

// "memory", "own error": what a line is about, in the width of the table's first column.
std::string about(std::string_view what) { return fmt::format("  {:<13} ", what); }

std::string server_text(const ServerReport& server) {
  if (server.server.empty()) return "";
  std::vector<std::string> facts;
  const auto add = [&](const char* name, const std::optional<double>& value, const char* unit) {
    if (value) facts.push_back(fmt::format("{} {}{}", name, ms(value), unit));
  };
  const auto share = [&](const char* name, const std::optional<double>& value) {
    if (value) facts.push_back(fmt::format("{} {:.1f} %", name, 100 * *value));
  };
  if (server.restarted) facts.emplace_back("restarted during the load");
  add("queue", server.queue_ms, " ms");
  add("prefill", server.prefill_ms, " ms");
  add("TTFT", server.ttft_ms, " ms");
  add("per token", server.decode_token_ms, " ms");
  add("running", server.running_mean, "");
  add("waiting", server.waiting_mean, "");
  share("KV cache at most", server.kv_usage_max);
  share("prefix cache", server.cache_hit_rate);
  share("drafts accepted", server.draft_acceptance);
  return about(visible(server.server)) + fmt::format("{}\n", fmt::join(facts, ", "));
}

// What the performance monitor saw, and what was wrong with the card.
std::string card_details(const GpuFacts& facts) {
  std::vector<std::string> parts;
  if (facts.sm_occupancy_percent)
    parts.push_back(fmt::format("SM occupancy {:.0f} %", *facts.sm_occupancy_percent));
  if (facts.dram_busy_percent)
    parts.push_back(fmt::format("memory bandwidth {:.0f} %", *facts.dram_busy_percent));
  if (const std::string why = throttle_text(facts.throttle.value_or(0)); !why.empty())
    parts.push_back(fmt::format("throttled {:.0f} % of the time by {}",
                                100 * facts.throttled_share.value_or(0), why));
  if (facts.processes.value_or(0) > 1)
    parts.push_back(fmt::format("{} processes compute on it", *facts.processes));
  if (facts.foreign_share.value_or(0) > 0)
    parts.push_back(fmt::format("{:.0f} % of its time for others", 100 * *facts.foreign_share));
  if (facts.ecc_errors.value_or(0) > 0)
    parts.push_back(fmt::format("{} new ECC errors", *facts.ecc_errors));
  if (facts.remapped_rows.value_or(0) > 0)
    parts.push_back(fmt::format("{} more memory rows remapped", *facts.remapped_rows));
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string cards_text(const BenchSide& side, const GpuTelemetry* gpu) {
  if (gpu == nullptr) return "";
  std::string text;
  for (std::size_t number = 0; number < gpu->cards.size(); ++number) {
    std::vector<GpuFacts> loads;
    for (const std::vector<GpuFacts>& load : side.cards) loads.push_back(load.at(number));
    const GpuFacts facts = joined(loads);
    text += about("gpu") + visible(gpu->cards[number].name);
    const auto add = [&](const char* what, const std::optional<double>& value, const char* unit) {
      if (value) text += fmt::format(", {}{:.4g}{}", what, *value, unit);
    };
    add("", facts.power_w, " W");
    add("SM ", facts.sm_mhz, " MHz");
    add("memory ", facts.memory_mhz, " MHz");
    add("busy ", facts.busy_percent, " %");
    add("at most ", facts.temperature_c_most, " C");
    if (facts.used_bytes_most)
      text += fmt::format(", {:.1f} GiB used", *facts.used_bytes_most / (1U << 30));
    text += "\n";
    const std::string more = card_details(facts);
    if (!more.empty()) text += about("") + more + "\n";
  }
  if (const auto joules = joules_per_token(side))
    text += about("energy") + fmt::format("{:.4g} J an output token\n", *joules);
  return text;
}

std::string host_text(const BenchSide& side) {
  HostFacts worst;
  const auto most = [](std::optional<double>& into, const std::optional<double>& value) {
    if (value) into = std::max(into.value_or(0), *value);
  };
  for (const HostFacts& each : side.host) {
    most(worst.cpu_share, each.cpu_share);
    most(worst.used_bytes_most, each.used_bytes_most);
    most(worst.total_bytes, each.total_bytes);
  }
  if (!worst.cpu_share && !worst.used_bytes_most) return "";
  std::string text = about("machine");
  if (worst.cpu_share) text += fmt::format("processors {:.0f} % busy", 100 * *worst.cpu_share);
  if (worst.used_bytes_most && worst.total_bytes)
    text += fmt::format("{}memory {:.1f} of {:.1f} GiB", worst.cpu_share ? ", " : "",
                        *worst.used_bytes_most / (1U << 30), *worst.total_bytes / (1U << 30));
  return text + "\n";
}

std::string side_text(const std::string& name, const BenchSide& side,
                      const std::vector<Objective>& objectives, const BenchJob& job) {
  const LoadFigures& figures = side.figures;
  std::string text =
      fmt::format("{}: {} requests, {} failed{}{}\n", name, figures.requests, figures.failed,
                  figures.warm_up > 0 ? fmt::format(", {} to warm up", figures.warm_up) : "",
                  figures.whole_run ? ", no steady window: the whole run is shown" : "");
  for (const auto& [kind, count] : figures.errors)
    text += fmt::format("  failed: {} {}\n", kind, count);
  text += times_table(figures);
  const Throughput& through = figures.steady;
  text += fmt::format(
      "  throughput    {:.4g} requests/s, {:.5g} output tokens/s, {:.5g} tokens/s over {:.1f} s\n",
      through.requests_per_s, through.output_tokens_per_s, through.total_tokens_per_s,
      through.seconds);
  if (figures.input_tokens || figures.output_tokens)
    text += fmt::format(
        "  tokens        {} in, {} out a request{}{}\n",
        figures.input_tokens ? fmt::format("{:.1f}", *figures.input_tokens) : "-",
        figures.output_tokens ? fmt::format("{:.1f}", *figures.output_tokens) : "-",
        figures.input_off || figures.output_off
            ? fmt::format("; off by {:.1f} and {:.1f} from what was wished",
                          figures.input_off.value_or(0), figures.output_off.value_or(0))
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
  text += server_text(side.server) + cards_text(side, job.gpu.get());
  return text + (job.served_here ? host_text(side) : "");
}

std::string sweep_text(const BenchView& view) {
  std::string text = fmt::format("{:>16} {:>10} {:>12} {:>10} {:>10} {:>9}\n", "offered/s",
                                 "answered/s", "out tokens/s", "ttft p95", "tpot p50", "goodput");
  for (const BenchPoint& point : view.job.points) {
    const LoadFigures& figures = point.side.figures;
    const TimeFigure* ttft = figures.find("ttft");
    const TimeFigure* tpot = figures.find("tpot");
    text += fmt::format(
        "{:>16} {:>10.4g} {:>12.5g} {:>10} {:>10} {:>9}\n",
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
    for (const LoadResult& load : point.side.loads) {
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

// What the server says it is: "vllm 0.11.0, qwen2.5-7b, bfloat16".
std::string info_text(const Object& info) {
  std::string text;
  for (const Member& member : info)
    if (member.key != "flags")
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", member.key,
                          visible(to_text(member.value)));
  return text.empty() ? "" : "server        " + text + "\n";
}

// Both servers, or the baseline, beside this one: the times and counts that a rule can name.
std::string comparison_text(const Comparison& comparison, bool interleaved) {
  constexpr std::string_view kShown[] = {"ttft",          "tpot",         "itl",
                                         "latency",       "input_tokens", "cached_tokens",
                                         "output_tokens", "goodput",      "error_rate"};
  std::string rows;
  for (const MetricComparison& each : comparison.metrics) {
    if (std::ranges::find(kShown, each.metric) == std::end(kShown) || !each.baseline_mean ||
        !each.candidate_mean)
      continue;
    rows += fmt::format(
        "  {:<13} {:>10} {:>10} {:>10}  {}\n", each.metric, figure(*each.baseline_mean),
        figure(*each.candidate_mean), signed_figure(*each.candidate_mean - *each.baseline_mean),
        // Requests of one load share its fate: there the rounds tell.
        each.interval_low && each.interval_high && (!interleaved || each.measure.unit != "ms")
            ? fmt::format("[{}, {}]", signed_figure(*each.interval_low),
                          signed_figure(*each.interval_high))
            : "");
  }
  if (rows.empty()) return "";
  return fmt::format("  {:<13} {:>10} {:>10} {:>10}  {}\n", "means", "baseline", "now", "change",
                     "interval, 95 %") +
         rows + "\n";
}

// Of interleaved loads.
std::string rounds_text(const std::vector<RoundChange>& rounds) {
  if (rounds.empty()) return "";
  std::string text =
      fmt::format("  {:<13} {:>10}  {}\n", "rounds", "change", "bounds, 95 % on either side");
  for (const RoundChange& each : rounds) {
    const std::string name = each.metric + " " + each.statistic;
    if (each.bounds)
      text += fmt::format("  {:<13} {:>+8.1f} %  [{:+.1f} %, {:+.1f} %] over {}\n", name,
                          100 * (each.bounds->ratio - 1), 100 * (each.bounds->lower - 1),
                          100 * (each.bounds->upper - 1),
                          counted(static_cast<std::int64_t>(each.rounds), "round"));
    else
      text += fmt::format("  {:<13} {:>10}  not compared: {}\n", name, "-", each.why_none);
  }
  return text + "\n";
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
  if (view.gate.comparison) {
    for (const std::string& changed : view.gate.comparison->changed)
      text += fmt::format("changed: {}\n", visible(changed));
    text += comparison_text(*view.gate.comparison, !view.gate.rounds.empty());
    text += rounds_text(view.gate.rounds);
  }
  if (view.gate.cause)
    for (const LatencySplit& split : view.gate.cause->splits) {
      text += fmt::format("latency, {}: {} -> {} ms. {}\n", split.quantity, ms(split.baseline_ms),
                          ms(split.candidate_ms), visible(split.sentence));
      for (const LatencyPart& part : split.parts)
        text += fmt::format("  {:<20} {:>+10.2f} ms\n", part.name, part.ms);
    }
  return text;
}

}  // namespace

std::string bench_screen(const BenchView& view, int) {
  const BenchJob& job = view.job;
  std::string text = gate_text(view);
  text += fmt::format("{} at {}\n", visible(text_of(view.header.model, "name")),
                      visible(text_of(view.header.model, "base_url")));
  text += info_text(job.look.info);
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
      text += side_text(point.name, point.side, view.suite.objectives, job);
      if (point.against) text += side_text("against", *point.against, view.suite.objectives, job);
      text += "\n";
    }
  }
  text += client_text(job);
  if (job.gpu == nullptr)
    text += fmt::format("gpu           not measured: {}\n", visible(job.why_no_gpu));
  return text;
}

}  // namespace llmops
