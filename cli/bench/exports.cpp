// Files that other programs read: one line a request, and the shape of vLLM's client.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ci/reports/escape.h"
#include "ci/stats/moments.h"
#include "ci/stats/quantile.h"
#include "cli/bench/report.h"
#include "datasets/text/files.h"

namespace llmops {
namespace {

std::string cell(float value) {
  return std::isnan(value) ? std::string() : fmt::format("{:.3f}", value);
}

std::string cell(std::int32_t tokens) {
  return tokens < 0 ? std::string() : std::to_string(tokens);
}

void write_side(const BenchPoint& point, const BenchSide& side, const char* server,
                std::FILE* out) {
  for (std::size_t repeat = 0; repeat < side.loads.size(); ++repeat)
    for (const LoadRecord& record : side.loads[repeat].records) {
      const char* phase = record.warm_up                          ? "warm-up"
                          : record.cool_down                      ? "cool-down"
                          : in_window(side.loads[repeat], record) ? "steady"
                                                                  : "outside";
      write_all(
          out,
          fmt::format("{},{},{},{},{},{},{:.6f},{:.6f},{:.6f},{},{},{},{},{},{},{},{},{},{},{},{},"
                      "{},{},{},{}\n",
                      csv_text(point.name), server, repeat, record.conversation, record.turn, phase,
                      record.scheduled_s, record.sent_s, record.end_s, cell(record.header_ms),
                      cell(record.first_event_ms), cell(record.ttft_ms),
                      cell(record.service_ttft_ms), cell(record.ttfo_ms), cell(record.latency_ms),
                      cell(record.tpot_ms), cell(record.itl_ms), cell(record.input),
                      cell(record.output), cell(record.cached), cell(record.reasoning),
                      record.error == ErrorClass::none ? "" : name(record.error),
                      cell(record.server_queue_ms), cell(record.server_prefill_ms),
                      cell(record.server_decode_ms)));
    }
}

// "mean_ttft_ms", "median_ttft_ms", "std_ttft_ms", "p99_ttft_ms", ...
void add_times(Object& out, const char* name, const std::vector<double>& ms) {
  if (ms.empty()) return;
  const stats::Moments moments = stats::moments(ms);
  out.add(fmt::format("mean_{}_ms", name), moments.mean);
  out.add(fmt::format("median_{}_ms", name), *stats::quantile(ms, 0.5));
  out.add(fmt::format("std_{}_ms", name), ms.size() > 1 ? moments.sd : 0.0);
  for (const int percent : {50, 90, 95, 99})
    out.add(fmt::format("p{}_{}_ms", percent, name), *stats::quantile(ms, percent / 100.0));
}

}  // namespace

void write_bench_csv(const BenchView& view, std::FILE* out) {
  write_all(out,
            "point,server,repeat,conversation,turn,phase,scheduled_s,sent_s,end_s,header_ms,"
            "first_event_ms,ttft_ms,service_ttft_ms,ttfo_ms,latency_ms,tpot_ms,itl_ms,"
            "input_tokens,output_tokens,cached_tokens,reasoning_tokens,error,server_queue_ms,"
            "server_prefill_ms,server_decode_ms\n");
  for (const BenchPoint& point : view.job.points) {
    write_side(point, point.side, "", out);
    if (point.against) write_side(point, *point.against, "against", out);
  }
}

Value vllm_result(const BenchView& view) {
  Object out;
  if (view.job.points.empty()) return out;
  const BenchPoint& point = view.job.points.front();
  const LoadFigures& figures = point.side.figures;
  const auto text = [&](std::string_view key) {
    const Value* found = view.header.model.find(key);
    return found == nullptr ? std::string() : to_text(*found);
  };
  out.add("date", view.header.id.substr(0, 15));  // 20251130-235959
  out.add("endpoint_type", "openai-chat");
  out.add("backend", "openai-chat");
  out.add("label", Value());
  out.add("model_id", text("name"));
  out.add("tokenizer_id", text("name"));
  out.add("num_prompts", figures.requests);
  out.add("request_rate", point.open ? Value(point.offered) : Value("inf"));
  out.add("burstiness", view.suite.load.arrivals ? view.suite.load.arrivals->burstiness : 1.0);
  const int cap = view.suite.load.most_in_flight;
  out.add("max_concurrency", !point.open ? Value(static_cast<std::int64_t>(point.offered))
                             : cap > 0   ? Value(cap)
                                         : Value());
  out.add("duration", figures.steady.seconds);
  out.add("completed", figures.succeeded);
  out.add("failed", figures.failed);

  std::int64_t input_tokens = 0, output_tokens = 0;
  std::vector<double> ttft, tpot, itl, e2el;
  List ttfts, itls, inputs, outputs, starts, errors;
  double offset = 0;
  for (const LoadResult& load : point.side.loads) {
    for (std::size_t i = 0; i < load.records.size(); ++i) {
      const LoadRecord& record = load.records[i];
      if (!in_window(load, record)) continue;
      const bool failed = record.error != ErrorClass::none;
      List gaps;
      if (i < load.gaps_ms.size())
        for (const float gap : load.gaps_ms[i]) {
          gaps.emplace_back(double{gap} / 1e3);
          if (!failed) itl.push_back(double{gap});
        }
      itls.push_back(std::move(gaps));
      const auto ttft_ms = time_of(record, "ttft");
      ttfts.emplace_back(ttft_ms.value_or(0) / 1e3);
      inputs.emplace_back(std::max(0, record.input));
      outputs.emplace_back(failed ? 0 : std::max(0, record.output));
      starts.emplace_back(offset + record.scheduled_s);
      errors.emplace_back(failed ? name(record.error) : std::string_view());
      if (failed) continue;
      input_tokens += std::max(0, record.input);
      output_tokens += std::max(0, record.output);
      if (ttft_ms) ttft.push_back(*ttft_ms);
      if (const auto value = time_of(record, "tpot")) tpot.push_back(*value);
      if (const auto value = time_of(record, "latency")) e2el.push_back(*value);
    }
    offset += std::ceil(load.wall_s);
  }
  out.add("total_input_tokens", input_tokens);
  out.add("total_output_tokens", output_tokens);
  out.add("request_throughput", figures.steady.requests_per_s);
  out.add("request_goodput", figures.good_per_s ? Value(*figures.good_per_s) : Value());
  out.add("output_throughput", figures.steady.output_tokens_per_s);
  out.add("total_token_throughput", figures.steady.total_tokens_per_s);
  out.add("input_lens", std::move(inputs));
  out.add("output_lens", std::move(outputs));
  out.add("ttfts", std::move(ttfts));
  out.add("itls", std::move(itls));
  out.add("start_times", std::move(starts));
  out.add("errors", std::move(errors));
  add_times(out, "ttft", ttft);
  add_times(out, "tpot", tpot);
  add_times(out, "itl", itl);
  add_times(out, "e2el", e2el);
  return out;
}

}  // namespace llmops
