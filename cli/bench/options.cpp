#include "cli/bench/options.h"

#include <CLI/CLI.hpp>

namespace llmops {

void declare_bench_options(CLI::App& app, BenchOptions& options) {
  app.add_option("SUITE", options.suite, "a bench suite (bench.yaml)");
  const auto server = [&](const char* name, std::string& into, const char* what) {
    return app.add_option(name, into, what)->group("Server");
  };
  server("--base-url", options.base_url, "of the API, such as http://127.0.0.1:8000/v1")
      ->type_name("URL");
  server("--model", options.model, "the name that the server knows it by");
  server("--provider", options.provider, "the protocol (default: openai)");
  server("--api-key-env", options.key_variable, "environment variable that holds the key");
  server("--against", options.against, "a second server, loaded in turns with the first")
      ->type_name("URL");
  server("--metrics-url", options.metrics_url,
         "Prometheus page of the server (default: /metrics beside the API; none: -)")
      ->type_name("URL");
  app.add_flag("--gpu", options.gpu, "the server's GPUs are this machine's, whatever its address")
      ->group("Server");
  app.add_flag("--no-gpu", options.no_gpu, "do not look at this machine's GPUs")->group("Server");

  const auto work = [&](const char* name, auto& into, const char* what) {
    return app.add_option(name, into, what)->group("What is asked");
  };
  work("--input-tokens", options.input_tokens, "mean length of a prompt (default: 512)")
      ->check(CLI::Range(1.0, 1e7));
  work("--input-stddev", options.input_stddev, "its standard deviation")
      ->check(CLI::Range(0.0, 1e7));
  work("--output-tokens", options.output_tokens, "most tokens of an answer (default: 128)")
      ->check(CLI::Range(1.0, 1e7));
  work("--output-stddev", options.output_stddev, "its standard deviation")
      ->check(CLI::Range(0.0, 1e7));
  work("--shared-prefix", options.shared_prefix, "tokens that all prompts begin with")
      ->check(CLI::Range(0, 10'000'000));
  work("--prefixes", options.prefixes, "how many different ones (default: 1)")
      ->check(CLI::Range(1, 1'000'000));
  work("--dataset", options.dataset, "prompts of a file: JSONL, CSV, ShareGPT, ...")
      ->type_name("FILE");
  work("--tokenizer", options.tokenizer,
       "counts recorded answers, whose lengths are asked for (default: an estimate)")
      ->type_name("FILE");
  work("--turns", options.turns, "of each conversation, each answered afresh")
      ->check(CLI::Range(1, 1000));
  work("--think", options.think, "pause before the next turn")->type_name("TIME");
  app.add_flag("--no-unique", options.no_unique, "let the server's prefix cache help")
      ->group("What is asked");
  app.add_flag("--ignore-eos", options.ignore_eos, "ask for the whole length (vLLM, llama.cpp)")
      ->group("What is asked");

  const auto load = [&](const char* name, auto& into, const char* what) {
    return app.add_option(name, into, what)->group("Load");
  };
  load("--concurrency", options.concurrency,
       "closed loop: requests in flight; several: one after another")
      ->delimiter(',')
      ->check(CLI::Range(1, 100000));
  load("--rate", options.rate, "open loop: requests a second; several: one after another")
      ->delimiter(',')
      ->check(CLI::Range(1e-3, 1e6));
  load("--arrivals", options.arrivals, "poisson (default), constant, gamma")
      ->check(CLI::IsMember({"poisson", "constant", "gamma"}));
  load("--burstiness", options.burstiness, "gamma shape: below 1 in bursts, above 1 even")
      ->check(CLI::Range(0.01, 1000.0));
  load("--ramp-to", options.ramp_to, "the rate grows or falls to this")
      ->check(CLI::Range(1e-3, 1e6));
  load("--ramp-time", options.ramp_time, "within this time")->type_name("TIME");
  load("--most-in-flight", options.most_in_flight, "open loop: what is due beyond waits")
      ->check(CLI::Range(1, 1000000));
  load("--trace", options.trace,
       "arrivals: a file with a column `timestamp`, perhaps lengths in tokens")
      ->type_name("FILE");
  load("--trace-unit", options.trace_unit, "of its times: s (default), ms")
      ->check(CLI::IsMember({"s", "ms"}));
  load("--trace-speed", options.trace_speed, "2: twice as fast as it was recorded")
      ->check(CLI::Range(1e-3, 1e3));
  load("--requests", options.requests, "measured requests (default: 100)")
      ->check(CLI::Range(1, 1000000000));
  load("--warm-up-requests", options.warm_up_requests, "so many before them, outside the figures")
      ->check(CLI::Range(0, 1000000000));
  load("--duration", options.duration, "of the measured part, in place of --requests")
      ->type_name("TIME");
  load("--warm-up", options.warm_up, "at the same load before it, outside the figures")
      ->type_name("TIME");
  load("--cool-down", options.cool_down,
       "at the same load behind it, until the measured ones are answered")
      ->type_name("TIME");
  load("--stage", options.stage, "of a sweep: how long each rate is tried (default: 10s)")
      ->type_name("TIME");
  app.add_flag("--sweep", options.sweep, "find the highest rate within the objectives")
      ->group("Load");
  load("--goodput", options.goodput, "of a sweep: share that must keep them (default: 0.95)")
      ->check(CLI::Range(0.01, 1.0));
  load("--repeat", options.repeat, "loads of the same kind; with --against rounds of four blocks")
      ->check(CLI::Range(1, 1000));
  load("--seed", options.seed, "of texts, lengths and arrivals");
  app.add_option("--objective", options.objectives, "METRIC=TIME, such as ttft=500ms; several")
      ->type_name("METRIC=TIME")
      ->group("Gate");
  app.add_option("--baseline", options.baseline, "baseline file of the suite's gate")
      ->type_name("FILE")
      ->group("Gate");
  app.add_flag("--no-gate", options.no_gate, "measure only, whatever the suite gates")
      ->group("Gate");
  app.add_flag("--self-test", options.self_test,
               "measure this client against a server of its own on this machine")
      ->group("Client");
}

}  // namespace llmops
