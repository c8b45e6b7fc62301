#pragma once
// What a model server tells of itself on its Prometheus page, under one set of names. The page is
// untrusted text.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/text/value.h"

namespace llmops {

// Every series of a page in the text format 0.0.4: name -> sum over its labels. Bucket and quantile
// series are left out; lines that are none are skipped. A last `_total` of a name is cut off. A
// series that a label `method`, `stage`, `request_type` or `kv_cache_block_type` tells apart stands
// there once more, as `name{method=prefill}`.
using MetricPage = std::map<std::string, double, std::less<>>;
MetricPage parse_metric_page(std::string_view text);

// One page in our names. Absent: the server has no such metric.
struct ServerSample {
  double at_s = 0;
  std::string server;  // vllm | sglang | tgi | trtllm | triton | llama.cpp; empty: none of these
  std::map<std::string, double, std::less<>> counters;  // grow, see server_counter_names
  std::map<std::string, double, std::less<>> gauges;    // running waiting kv_usage
};
ServerSample read_server_sample(std::string_view text, double at_s);

// What the server did between the first sample and the last.
struct ServerReport {
  std::string server;
  int samples = 0;
  bool restarted = false;  // a counter went down: nothing is told
  std::map<std::string, double, std::less<>> deltas;
  std::optional<double> queue_ms, prefill_ms, ttft_ms,
      decode_token_ms;  // means, by sums and counts
  std::optional<double> cache_hit_rate;
  std::optional<double> draft_acceptance;  // of speculated tokens
  std::optional<double> running_mean, running_max, waiting_mean, waiting_max, kv_usage_mean,
      kv_usage_max;
};
ServerReport server_report(const std::vector<ServerSample>& samples);

Value to_value(const ServerReport& report);

}  // namespace llmops
