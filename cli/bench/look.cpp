#include "cli/bench/look.h"

#include <fmt/format.h>

#include <algorithm>

#include "datasets/text/utf8.h"
#include "evaluators/telemetry/server_info.h"

namespace llmops {
namespace {

constexpr int kLookWords[] = {20, 420};
constexpr std::int64_t kLookTokens = 16;

Sample ask_once(Model& model, EventLoop& loop, const std::shared_ptr<Request>& request) {
  std::optional<Sample> got;
  model.provider->ask(request, Clock::now(),
                      [&](Answer answer) { got = std::move(answer.sample); });
  loop.run_until([&] { return got.has_value(); });
  return *std::move(got);
}

// How long an answer of the workload's length takes; of one that ends earlier by itself, as long as
// this one took.
double service_s(const Sample& sample, const WorkloadSpec& workload) {
  const double took_ms = sample.timing.latency_ms.value_or(0);
  const bool goes_on = sample.finish_reason == "length" && workload.output.mean > kLookTokens;
  if (!goes_on || !sample.timing.ttft_ms || !sample.timing.tpot_ms) return took_ms / 1e3;
  return (*sample.timing.ttft_ms + *sample.timing.tpot_ms * (workload.output.mean - 1)) / 1e3;
}

}  // namespace

// Two texts of different lengths tell how many tokens a word and the rest of a prompt are.
Result<FirstLook> look_at(Model& model, EventLoop& loop, const BenchSuite& suite,
                          std::uint64_t nonce) {
  FirstLook look;
  std::optional<std::int64_t> counted[2];
  for (int i = 0; i < 2; ++i) {
    std::string text = made_text(suite.seed + 77, kLookWords[i]);
    if (suite.workload.unique) text = unique_beginning(nonce, static_cast<std::uint64_t>(i)) + text;
    const auto request = plain_request(std::move(text), kLookTokens, suite.workload.ignore_eos);
    const Sample sample = ask_once(model, loop, request);
    if (sample.error)
      return problem(fmt::format("the server did not answer the first request: {}",
                                 visible(sample.error.message)),
                     "", "`llmops bench --help` shows how a server is named");
    counted[i] = sample.usage.input;
    look.model_answered = sample.model;
    look.service_s = std::max(look.service_s, service_s(sample, suite.workload));
    look.streamed = sample.timeline.first_token.has_value();
    if (suite.workload.ignore_eos && sample.usage.output.value_or(kLookTokens) < kLookTokens)
      look.ignores_eos = false;
  }
  if (counted[0] && counted[1] && *counted[1] > *counted[0]) {
    look.counted = true;
    look.scale.per_word = static_cast<double>(*counted[1] - *counted[0]) /
                          static_cast<double>(kLookWords[1] - kLookWords[0]);
    look.scale.fixed = static_cast<double>(*counted[0]) - look.scale.per_word * kLookWords[0];
  }
  const Value* url = model.spec.identity.find("base_url");
  if (url != nullptr) look.info = server_info(loop, to_text(*url), model.spec.name, nullptr);
  return look;
}

}  // namespace llmops
