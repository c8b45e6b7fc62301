#pragma once
// What a load says about the server: times with intervals, throughput, goodput, failures.
// Definitions in ci/serving/README.md.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "evaluators/load/driver.h"

namespace llmops {

// A limit that a single request keeps or breaks: "ttft" 500 ms.
struct Objective {
  std::string metric;  // ttft | service_ttft | tpot | itl | latency
  double limit_ms = 0;
};

struct QuantileFigure {
  double p = 0;
  std::optional<double> value;      // type 7
  std::optional<double> low, high;  // 95 %, from order statistics; absent: open on that side
};

// One kind of time over the requests of the steady window.
struct TimeFigure {
  std::string name;  // "ttft", "tpot", ...
  std::int64_t n = 0;
  std::optional<double> mean, mean_low, mean_high;  // 95 %, bootstrap of consecutive blocks
  std::vector<QuantileFigure> quantiles;            // p50 p90 p95 p99 p99.9
  double largest = 0;
};

struct Throughput {
  double seconds = 0;
  double requests_per_s = 0;  // successful ones that ended within
  double input_tokens_per_s = 0, output_tokens_per_s = 0, total_tokens_per_s = 0;
};

struct LoadFigures {
  std::int64_t requests = 0, succeeded = 0, failed = 0;  // of the window
  std::int64_t warm_up = 0,
               outside = 0;  // left out: before the window, after its last send (cool-down)
  bool whole_run = false;    // the window was too short: the figures are of the whole run
  std::map<std::string, std::int64_t> errors;  // by class
  // ttft service_ttft ttfo first_event header tpot itl latency, and as the server told them with
  // each answer server_queue server_prefill server_decode
  std::vector<TimeFigure> times;
  TimeHistogram event_gaps, token_gaps;
  Throughput steady, whole;
  std::vector<double> block_output_tokens_per_s;  // of consecutive tenths of the window
  std::vector<double> block_requests_per_s;
  std::optional<double> goodput;  // share of the window's requests that kept every objective;
                                  // failures break them
  std::optional<double> goodput_low, goodput_high;  // Wilson, 95 %
  std::optional<double> good_per_s;
  std::optional<double> input_tokens, output_tokens;  // means, where the server counted
  std::optional<double> input_off, output_off;  // mean |counted - wished| where lengths were wished
  std::optional<double> cache_hit_rate;         // cached / input tokens, where the server tells
  double in_flight = 0;                         // mean over the window
  const TimeFigure* find(std::string_view name) const;
};

LoadFigures load_figures(const LoadResult& result, const std::vector<Objective>& objectives);

// One of the times of a record, by the name of a figure; nullopt where it was not measured.
std::optional<double> time_of(const LoadRecord& record, std::string_view name);
// The record ended without an error and kept every objective.
bool is_good(const LoadRecord& record, const std::vector<Objective>& objectives);
// Whether a request counts: scheduled within the steady window (the whole run where there is none).
bool in_window(const LoadResult& result, const LoadRecord& record);

// For --json.
Value to_value(const LoadFigures& figures);

}  // namespace llmops
