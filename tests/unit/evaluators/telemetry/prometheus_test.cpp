#include "evaluators/telemetry/prometheus.h"

#include <doctest/doctest.h>

using namespace llmops;

TEST_CASE("metrics page: sums over labels, leaves buckets out, survives nonsense") {
  const MetricPage page = parse_metric_page(
      "# HELP a b\n# TYPE a counter\n"
      "a_total{engine=\"0\"} 3\na_total{engine=\"1\",x=\"}\\\"\"} 4.5 1700000000\n"
      "h_bucket{le=\"0.1\"} 7\nh_sum 2e-1\r\nh_count 4\n"
      "nan_one NaN\nbroken{ 3\n{} 4\nplain +5\n  spaced   6  \nq{quantile=\"0.5\"} 1\n\n");
  CHECK(page.at("a") == 7.5);
  CHECK(page.at("h_sum") == 0.2);
  CHECK(page.at("h_count") == 4);
  CHECK(page.at("plain") == 5);
  CHECK(page.at("spaced") == 6);
  CHECK(page.size() == 5);
}

TEST_CASE("metrics page: each server's names become ours") {
  struct Row {
    const char* before;
    const char* after;
    const char* server;
    double queue_ms;
  };
  const Row rows[] = {
      {"vllm:request_queue_time_seconds_sum{engine=\"0\"} 1\n"
       "vllm:request_queue_time_seconds_count{engine=\"0\"} 10\n",                          "vllm:request_queue_time_seconds_sum{engine=\"0\"} 3\n"
       "vllm:request_queue_time_seconds_count{engine=\"0\"} 20\n", "vllm",   200 },
      {"sglang:queue_time_seconds_sum 0\nsglang:queue_time_seconds_count 0\n",
       "sglang:queue_time_seconds_sum 1\nsglang:queue_time_seconds_count 4\n",                                                              "sglang", 250 },
      {"tgi_request_queue_duration_sum 0\ntgi_request_queue_duration_count 0\n",
       "tgi_request_queue_duration_sum 2\ntgi_request_queue_duration_count 2\n",                                                            "tgi",    1000},
      {"trtllm_request_queue_time_seconds_sum 1\ntrtllm_request_queue_time_seconds_count 1\n",
       "trtllm_request_queue_time_seconds_sum 2\ntrtllm_request_queue_time_seconds_count 3\n",                                              "trtllm", 500 },
      {"nv_inference_queue_duration_us{model=\"m\"} 0\nnv_inference_request_success{m=\"m\"} 0\n",
       "nv_inference_queue_duration_us{model=\"m\"} 40000\nnv_inference_request_success{m=\"m\"} "
       "4\n",                                                                                                                               "triton", 10  },
  };
  for (const Row& row : rows) {
    CAPTURE(row.server);
    const ServerReport report =
        server_report({read_server_sample(row.before, 0), read_server_sample(row.after, 1)});
    CHECK(report.server == row.server);
    REQUIRE(report.queue_ms);
    CHECK(*report.queue_ms == doctest::Approx(row.queue_ms));
  }
}

TEST_CASE(
    "metrics page: llama.cpp counts uncached prompt tokens; gauges; a restart tells nothing") {
  const char* before =
      "llamacpp:prompt_tokens_total 10\nllamacpp:prompt_tokens_cached_total 0\n"
      "llamacpp:tokens_predicted_total 5\nllamacpp:tokens_predicted_seconds_total 1\n"
      "llamacpp:requests_processing 1\n";
  const char* after =
      "llamacpp:prompt_tokens_total 40\nllamacpp:prompt_tokens_cached_total 10\n"
      "llamacpp:tokens_predicted_total 105\nllamacpp:tokens_predicted_seconds_total 2\n"
      "llamacpp:requests_processing 3\n";
  const ServerReport report =
      server_report({read_server_sample(before, 0), read_server_sample(after, 1)});
  CHECK(*report.cache_hit_rate == doctest::Approx(0.25));
  CHECK(*report.decode_token_ms == doctest::Approx(10));
  CHECK(*report.running_mean == 2);
  CHECK(*report.running_max == 3);
  CHECK_FALSE(report.queue_ms);
  const ServerReport restarted =
      server_report({read_server_sample(after, 0), read_server_sample(before, 1)});
  CHECK(restarted.restarted);
  CHECK_FALSE(restarted.decode_token_ms);
  CHECK(read_server_sample("process_cpu_seconds 3\n", 0).server.empty());
}

TEST_CASE("metrics page: labels tell phases and kinds apart") {
  const MetricPage page = parse_metric_page(
      "d_sum{method=\"prefill\",m=\"a\"} 1\nd_sum{m=\"a\",method=\"decode\"} 4\n"
      "d_sum{m=\"b\",method=\"decode\"} 2\nother{notmethod=\"x\"} 3\n");
  CHECK(page.at("d_sum") == 7);
  CHECK(page.at("d_sum{method=prefill}") == 1);
  CHECK(page.at("d_sum{method=decode}") == 6);
  CHECK(page.size() == 4);

  const auto tgi = [](double prefill, double decode) {
    const auto text = [](double value) { return std::to_string(value); };
    return "tgi_batch_inference_duration_sum{method=\"prefill\"} " + text(prefill) +
           "\ntgi_batch_inference_duration_count{method=\"prefill\"} " + text(10 * prefill) +
           "\ntgi_batch_inference_duration_sum{method=\"decode\"} " + text(decode) +
           "\ntgi_batch_inference_duration_count{method=\"decode\"} " + text(50 * decode) + "\n";
  };
  const ServerReport report =
      server_report({read_server_sample(tgi(1, 2), 0), read_server_sample(tgi(3, 8), 1)});
  CHECK(*report.prefill_ms == doctest::Approx(100));
  CHECK(*report.decode_token_ms == doctest::Approx(20));

  const ServerSample triton = read_server_sample(
      "nv_inference_request_success{model=\"m\"} 1\n"
      "nv_trt_llm_request_metrics{model=\"m\",request_type=\"active\"} 5\n"
      "nv_trt_llm_request_metrics{model=\"m\",request_type=\"waiting\"} 2\n"
      "nv_trt_llm_kv_cache_block_metrics{kv_cache_block_type=\"used\"} 30\n"
      "nv_trt_llm_kv_cache_block_metrics{kv_cache_block_type=\"max\"} 120\n",
      0);
  CHECK(triton.gauges.at("running") == 5);
  CHECK(triton.gauges.at("waiting") == 2);
  CHECK(triton.gauges.at("kv_usage") == 0.25);
}

TEST_CASE("metrics page: a hit rate that is only a gauge; accepted drafts") {
  const char* before = "sglang:cache_hit_rate 0.2\nsglang:num_running_reqs 1\n";
  const char* after = "sglang:cache_hit_rate 0.4\nsglang:num_running_reqs 1\n";
  CHECK(*server_report({read_server_sample(before, 0), read_server_sample(after, 1)})
             .cache_hit_rate == doctest::Approx(0.3));
  const char* none =
      "vllm:spec_decode_num_draft_tokens_total 0\n"
      "vllm:spec_decode_num_accepted_tokens_total 0\n";
  const char* some =
      "vllm:spec_decode_num_draft_tokens_total 40\n"
      "vllm:spec_decode_num_accepted_tokens_total 30\n";
  CHECK(
      *server_report({read_server_sample(none, 0), read_server_sample(some, 1)}).draft_acceptance ==
      0.75);
  CHECK_FALSE(
      server_report({read_server_sample(none, 0), read_server_sample(none, 1)}).draft_acceptance);
}
