#include "evaluators/telemetry/prometheus.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace llmops {
namespace {

// Our name, and that of each server (serving.md of the house). A sum has its unit in `scale`: the
// value in seconds, tokens or requests is the server's times it.
struct Name {
  std::string_view ours, theirs;
  double scale = 1;
};
struct Server {
  std::string_view name;
  std::string_view prefix;  // a page with such names is this server's
  std::vector<Name> counters, gauges;
};

const std::vector<Server>& servers() {
  static const std::vector<Server> kServers = {
      {"vllm",
       "vllm:",         {{"queue_s", "vllm:request_queue_time_seconds_sum"},
        {"queue_n", "vllm:request_queue_time_seconds_count"},
        {"prefill_s", "vllm:request_prefill_time_seconds_sum"},
        {"prefill_n", "vllm:request_prefill_time_seconds_count"},
        {"ttft_s", "vllm:time_to_first_token_seconds_sum"},
        {"ttft_n", "vllm:time_to_first_token_seconds_count"},
        {"decode_s", "vllm:inter_token_latency_seconds_sum"},
        {"decode_n", "vllm:inter_token_latency_seconds_count"},
        {"decode_s", "vllm:time_per_output_token_seconds_sum"},
        {"decode_n", "vllm:time_per_output_token_seconds_count"},
        {"decode_s", "vllm:request_time_per_output_token_seconds_sum"},
        {"decode_n", "vllm:request_time_per_output_token_seconds_count"},
        {"prompt_tokens", "vllm:prompt_tokens"},
        {"output_tokens", "vllm:generation_tokens"},
        {"succeeded", "vllm:request_success"},
        {"preemptions", "vllm:num_preemptions"},
        {"cache_hits", "vllm:prefix_cache_hits"},
        {"cache_queries", "vllm:prefix_cache_queries"},
        {"cache_hits", "vllm:gpu_prefix_cache_hits"},
        {"cache_queries", "vllm:gpu_prefix_cache_queries"},
        {"draft_tokens", "vllm:spec_decode_num_draft_tokens"},
        {"accepted_tokens", "vllm:spec_decode_num_accepted_tokens"}},
       {{"running", "vllm:num_requests_running"},
        {"waiting", "vllm:num_requests_waiting"},
        {"kv_usage", "vllm:kv_cache_usage_perc"},
        {"kv_usage", "vllm:gpu_cache_usage_perc"}}                                             },
      {"sglang",
       "sglang:",       {{"queue_s", "sglang:queue_time_seconds_sum"},
        {"queue_n", "sglang:queue_time_seconds_count"},
        {"prefill_s", "sglang:per_stage_req_latency_seconds_sum{stage=prefill_forward}"},
        {"prefill_n", "sglang:per_stage_req_latency_seconds_count{stage=prefill_forward}"},
        {"ttft_s", "sglang:time_to_first_token_seconds_sum"},
        {"ttft_n", "sglang:time_to_first_token_seconds_count"},
        {"decode_s", "sglang:inter_token_latency_seconds_sum"},
        {"decode_n", "sglang:inter_token_latency_seconds_count"},
        {"prompt_tokens", "sglang:prompt_tokens"},
        {"output_tokens", "sglang:generation_tokens"},
        {"succeeded", "sglang:num_requests"},
        {"aborted", "sglang:num_aborted_requests"},
        {"preemptions", "sglang:num_retracted_requests"},
        {"cache_hits", "sglang:cached_tokens"}},
       {{"running", "sglang:num_running_reqs"},
        {"waiting", "sglang:num_queue_reqs"},
        {"kv_usage", "sglang:token_usage"},
        {"cache_hit_rate", "sglang:cache_hit_rate"}}                                           },
      {"tgi",
       "tgi_",          {{"queue_s", "tgi_request_queue_duration_sum"},
        {"queue_n", "tgi_request_queue_duration_count"},
        // Of batches: each request of one waits for all of it.
        {"prefill_s", "tgi_batch_inference_duration_sum{method=prefill}"},
        {"prefill_n", "tgi_batch_inference_duration_count{method=prefill}"},
        {"decode_s", "tgi_request_mean_time_per_token_duration_sum"},
        {"decode_n", "tgi_request_mean_time_per_token_duration_count"},
        {"decode_s", "tgi_batch_inference_duration_sum{method=decode}"},
        {"decode_n", "tgi_batch_inference_duration_count{method=decode}"},
        {"succeeded", "tgi_request_success"},
        {"aborted", "tgi_request_failure"},
        {"output_tokens", "tgi_request_generated_tokens_sum"}},
       {{"running", "tgi_batch_current_size"}, {"waiting", "tgi_queue_size"}}                  },
      {"trtllm",
       "trtllm_",       {{"queue_s", "trtllm_request_queue_time_seconds_sum"},
        {"queue_n", "trtllm_request_queue_time_seconds_count"},
        {"prefill_s", "trtllm_request_prefill_time_seconds_sum"},
        {"prefill_n", "trtllm_request_prefill_time_seconds_count"},
        {"ttft_s", "trtllm_time_to_first_token_seconds_sum"},
        {"ttft_n", "trtllm_time_to_first_token_seconds_count"},
        {"decode_s", "trtllm_time_per_output_token_seconds_sum"},
        {"decode_n", "trtllm_time_per_output_token_seconds_count"},
        {"prompt_tokens", "trtllm_prompt_tokens"},
        {"output_tokens", "trtllm_generation_tokens"},
        {"succeeded", "trtllm_request_success"},
        {"preemptions", "trtllm_num_paused_requests"},
        {"cache_hits", "trtllm_kv_cache_reused_blocks"},
        {"cache_misses", "trtllm_kv_cache_missed_blocks"}},
       {{"running", "trtllm_num_requests_running"},
        {"waiting", "trtllm_num_requests_waiting"},
        {"kv_usage", "trtllm_kv_cache_utilization"}}                                           },
      {"triton",
       "nv_inference_", {{"queue_s", "nv_inference_queue_duration_us", 1e-6},
        {"queue_n", "nv_inference_request_success"},
        {"succeeded", "nv_inference_request_success"},
        {"aborted", "nv_inference_request_failure"}},
       {{"running", "nv_trt_llm_request_metrics{request_type=active}"},
        {"waiting", "nv_trt_llm_request_metrics{request_type=waiting}"},
        {"kv_used", "nv_trt_llm_kv_cache_block_metrics{kv_cache_block_type=used}"},
        {"kv_blocks", "nv_trt_llm_kv_cache_block_metrics{kv_cache_block_type=max}"}}           },
      {"llama.cpp",
       "llamacpp:",     {{"prefill_s", "llamacpp:prompt_seconds"},
        {"prompt_tokens", "llamacpp:prompt_tokens"},
        {"decode_s", "llamacpp:tokens_predicted_seconds"},
        {"decode_n", "llamacpp:tokens_predicted"},
        {"output_tokens", "llamacpp:tokens_predicted"},
        {"cache_hits", "llamacpp:prompt_tokens_cached"},
        {"draft_tokens", "llamacpp:spec_decode_num_draft_tokens"},
        {"accepted_tokens", "llamacpp:spec_decode_num_accepted_tokens"}},
       {{"running", "llamacpp:requests_processing"}, {"waiting", "llamacpp:requests_deferred"}}},
  };
  return kServers;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r'))
    text.remove_suffix(1);
  return text;
}

// The end of `{...}`, quotes respected; npos where there is none.
std::size_t label_end(std::string_view line, std::size_t open) {
  bool quoted = false;
  for (std::size_t i = open; i < line.size(); ++i) {
    if (quoted && line[i] == '\\')
      ++i;
    else if (line[i] == '"')
      quoted = !quoted;
    else if (line[i] == '}' && !quoted)
      return i;
  }
  return std::string_view::npos;
}

// The value of a label as it stands there; nullopt where the series has no such label.
std::optional<std::string_view> label_value(std::string_view labels, std::string_view name) {
  for (std::size_t at = 0; (at = labels.find(name, at)) != std::string_view::npos; ++at) {
    const bool begins = at == 0 || labels[at - 1] == ',' || labels[at - 1] == ' ';
    std::string_view rest = labels.substr(at + name.size());
    if (!begins || !rest.starts_with("=\"")) continue;
    rest.remove_prefix(2);
    return rest.substr(0, rest.find('"'));
  }
  return std::nullopt;
}

// Labels that tell phases or kinds apart, which a sum over all series would mix.
constexpr std::string_view kKinds[] = {"method", "stage", "request_type", "kv_cache_block_type"};

void read_line(std::string_view line, MetricPage& page) {
  line = trim(line);
  if (line.empty() || line.front() == '#') return;
  const std::size_t name_end = line.find_first_of("{ \t");
  if (name_end == std::string_view::npos || name_end == 0) return;
  std::string_view name = line.substr(0, name_end);
  std::string_view rest = line.substr(name_end), labels;
  if (rest.front() == '{') {
    const std::size_t close = label_end(rest, 0);
    if (close == std::string_view::npos) return;
    labels = rest.substr(1, close - 1);
    if (label_value(labels, "le") || label_value(labels, "quantile")) return;
    rest.remove_prefix(close + 1);
  }
  rest = trim(rest);
  rest = rest.substr(0, rest.find_first_of(" \t"));  // a time stamp may follow
  if (rest.starts_with('+')) rest.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
  if (error != std::errc() || end != rest.data() + rest.size() || !std::isfinite(value)) return;
  if (name.ends_with("_total")) name.remove_suffix(6);
  page[std::string(name)] += value;
  for (const std::string_view kind : kKinds)
    if (const auto which = label_value(labels, kind))
      page[fmt::format("{}{{{}={}}}", name, kind, *which)] += value;
}

std::optional<double> mean_ms(const ServerReport& report, std::string_view sum,
                              std::string_view count) {
  const auto total = report.deltas.find(sum), n = report.deltas.find(count);
  if (total == report.deltas.end() || n == report.deltas.end() || n->second <= 0)
    return std::nullopt;
  return 1e3 * total->second / n->second;
}

void gauge(const std::vector<ServerSample>& samples, std::string_view name,
           std::optional<double>& mean, std::optional<double>& most) {
  double sum = 0;
  int n = 0;
  for (const ServerSample& sample : samples) {
    const auto found = sample.gauges.find(name);
    if (found == sample.gauges.end()) continue;
    sum += found->second;
    most = std::max(most.value_or(found->second), found->second);
    ++n;
  }
  if (n > 0) mean = sum / n;
}

}  // namespace

MetricPage parse_metric_page(std::string_view text) {
  MetricPage page;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    read_line(text.substr(at, end - at), page);
    at = end + 1;
  }
  return page;
}

ServerSample read_server_sample(std::string_view text, double at_s) {
  const MetricPage page = parse_metric_page(text);
  ServerSample sample{.at_s = at_s};
  for (const Server& server : servers()) {
    const auto first = page.lower_bound(server.prefix);
    if (first == page.end() || !first->first.starts_with(server.prefix)) continue;
    sample.server = server.name;
    const auto read = [&](const std::vector<Name>& names, auto& into) {
      for (const Name& name : names) {
        const auto found = page.find(name.theirs);
        if (found != page.end()) into.emplace(std::string(name.ours), found->second * name.scale);
      }
    };
    read(server.counters, sample.counters);
    read(server.gauges, sample.gauges);
    const auto used = sample.gauges.find("kv_used"), blocks = sample.gauges.find("kv_blocks");
    if (used != sample.gauges.end() && blocks != sample.gauges.end() && blocks->second > 0)
      sample.gauges.emplace("kv_usage", used->second / blocks->second);
    break;
  }
  return sample;
}

ServerReport server_report(const std::vector<ServerSample>& samples) {
  ServerReport report{.samples = static_cast<int>(samples.size())};
  if (samples.empty()) return report;
  const ServerSample& last = samples.back();
  report.server = last.server;
  for (std::size_t i = 1; i < samples.size(); ++i)
    for (const auto& [name, value] : samples[i].counters) {
      const auto before = samples[i - 1].counters.find(name);
      if (before != samples[i - 1].counters.end() && value < before->second)
        report.restarted = true;
    }
  if (report.restarted || samples.size() < 2) return report;
  for (const auto& [name, value] : last.counters) {
    const auto before = samples.front().counters.find(name);
    if (before != samples.front().counters.end())
      report.deltas.emplace(name, value - before->second);
  }
  report.queue_ms = mean_ms(report, "queue_s", "queue_n");
  report.prefill_ms = mean_ms(report, "prefill_s", "prefill_n");
  report.ttft_ms = mean_ms(report, "ttft_s", "ttft_n");
  report.decode_token_ms = mean_ms(report, "decode_s", "decode_n");
  const auto delta = [&](std::string_view name) -> std::optional<double> {
    const auto found = report.deltas.find(name);
    if (found == report.deltas.end()) return std::nullopt;
    return found->second;
  };
  const std::optional<double> hits = delta("cache_hits");
  std::optional<double> asked = delta("cache_queries");
  if (!asked && hits && delta("cache_misses")) asked = *hits + *delta("cache_misses");
  // llama.cpp and SGLang count prompt tokens: llama.cpp without, SGLang with the cached ones.
  if (!asked && hits && delta("prompt_tokens"))
    asked = *delta("prompt_tokens") + (report.server == "llama.cpp" ? *hits : 0.0);
  if (hits && asked && *asked > 0) report.cache_hit_rate = *hits / *asked;
  if (!report.cache_hit_rate) {
    std::optional<double> most;
    gauge(samples, "cache_hit_rate", report.cache_hit_rate, most);
  }
  if (const auto drafted = delta("draft_tokens"), accepted = delta("accepted_tokens");
      drafted && accepted && *drafted > 0)
    report.draft_acceptance = *accepted / *drafted;
  gauge(samples, "running", report.running_mean, report.running_max);
  gauge(samples, "waiting", report.waiting_mean, report.waiting_max);
  gauge(samples, "kv_usage", report.kv_usage_mean, report.kv_usage_max);
  return report;
}

Value to_value(const ServerReport& report) {
  Object out{
      {"server",    report.server   },
      {"samples",   report.samples  },
      {"restarted", report.restarted}
  };
  const auto add = [&](const char* key, const std::optional<double>& value) {
    if (value) out.add(key, *value);
  };
  add("queue_ms", report.queue_ms);
  add("prefill_ms", report.prefill_ms);
  add("ttft_ms", report.ttft_ms);
  add("decode_token_ms", report.decode_token_ms);
  add("cache_hit_rate", report.cache_hit_rate);
  add("draft_acceptance", report.draft_acceptance);
  add("running_mean", report.running_mean);
  add("running_max", report.running_max);
  add("waiting_mean", report.waiting_mean);
  add("waiting_max", report.waiting_max);
  add("kv_usage_mean", report.kv_usage_mean);
  add("kv_usage_max", report.kv_usage_max);
  Object deltas;
  for (const auto& [name, value] : report.deltas) deltas.add(name, value);
  out.add("deltas", std::move(deltas));
  return out;
}

}  // namespace llmops
