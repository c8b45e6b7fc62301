// Several samples of a case with one call: `n` of the parameters.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <map>
#include <mutex>

#include "datasets/text/json.h"
#include "evaluators/runner/fan_out.h"
#include "tests/support/asking.h"
#include "tests/support/loopback_server.h"

using namespace llmops;
using namespace llmops::test;
using namespace std::chrono_literals;

namespace {

std::string yaml(const LoopbackServer& server, std::string_view more) {
  return "{provider: openai, base_url: '" + server.url() +
         "/v1', name: tiny, retries: {base: 1ms, cap: 4ms}, price: {input: 1, output: 2}" +
         std::string(more) + "}";
}

int wanted(const Received& request) {
  const Result<Value> body = parse_json(request.body, "request");
  const Value* n = body->find("n");
  return n == nullptr ? 1 : static_cast<int>(n->number());
}

std::string choice(int index, const std::string& text, const std::string& finish = "stop") {
  return fmt::format(
      R"({{"index":{},"message":{{"role":"assistant","content":"{}"}},"finish_reason":"{}"}})",
      index, text, finish);
}

// `count` choices: "a", "aa", "aaa", ...; 12 tokens asked, 10 a choice written.
Reply choices(int count) {
  std::string all;
  for (int i = 0; i < count; ++i)
    all += (i > 0 ? "," : "") + choice(i, std::string(static_cast<std::size_t>(i) + 1, 'a'));
  return answer(200, fmt::format(R"({{"model":"tiny","choices":[{}],"usage":)"
                                 R"({{"prompt_tokens":12,"completion_tokens":{}}}}})",
                                 all, 10 * count));
}

// Samples 0 to `count` - 1 of one case.
std::vector<std::shared_ptr<const Request>> samples_of(const char* id, int count) {
  const auto first = question(id, "hello?");
  std::vector<std::shared_ptr<const Request>> all;
  for (int i = 0; i < count; ++i) {
    auto each = std::make_shared<Request>(*first);
    each->sample = i;
    all.push_back(std::move(each));
  }
  return all;
}

struct Asked {
  std::map<int, Sample> samples;  // by number
  FanOutCounts counts;
  std::vector<int> calls;  // how many each asked for
};

Asked ask(const std::vector<std::shared_ptr<const Request>>& requests, std::string_view model,
          const std::function<Reply(int wanted)>& reply) {
  Asked asked;
  std::mutex mutex;
  LoopbackServer server([&](const Received& request) {
    const std::lock_guard lock(mutex);
    asked.calls.push_back(wanted(request));
    return reply(asked.calls.back());
  });
  EventLoop loop;
  const auto made = model_from(yaml(server, model), loop);
  for (Sample& sample : ask_all(requests, *made, loop, {}, &asked.counts)) {
    CHECK(sample.case_id == "a");
    CHECK(asked.samples.emplace(sample.number, std::move(sample)).second);
  }
  return asked;
}

}  // namespace

TEST_CASE("several samples: one call brings them, paid and counted once") {
  const Asked asked = ask(samples_of("a", 4), ", parameters: {n: 4}", &choices);
  CHECK(asked.calls == std::vector<int>{4});
  REQUIRE(asked.samples.size() == 4);
  std::int64_t input = 0, output = 0;
  double cost = 0;
  int attempts = 0;
  for (const auto& [number, sample] : asked.samples) {
    CAPTURE(number);
    CHECK(sample.text == std::string(static_cast<std::size_t>(number) + 1, 'a'));
    CHECK(sample.finish_reason == "stop");
    CHECK(sample.model == "tiny");
    CHECK_FALSE(sample.timing.latency_ms.has_value());
    CHECK_FALSE(sample.cached);
    input += *sample.usage.input;
    output += *sample.usage.output;
    cost += *sample.cost_usd;
    attempts += sample.attempts;
  }
  CHECK(input == 12);
  CHECK(output == 40);
  CHECK(asked.samples.at(3).usage.output == 16);  // four of ten letters
  CHECK(cost == doctest::Approx((12 + 2 * 40) / 1e6));
  CHECK(attempts == 1);
  CHECK(asked.counts.made == 1);
  CHECK(asked.counts.done == 4);
  CHECK(asked.counts.cost_usd == doctest::Approx(cost));
}

TEST_CASE("several samples: as many calls as it takes") {
  struct Row {
    const char* why;
    int samples;
    const char* model;
    std::vector<int> calls;
  };
  const Row rows[] = {
      {"what does not divide",     5, ", parameters: {n: 2}, limits: {concurrency: 1}", {2, 2, 1}},
      {"more than there are",      3, ", parameters: {n: 8}",                           {3}      },
      {"the user has not said so", 2, ", limits: {concurrency: 1}",                     {1, 1}   },
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    const Asked asked = ask(samples_of("a", row.samples), row.model, &choices);
    CHECK(asked.calls == row.calls);
    CHECK(static_cast<int>(asked.samples.size()) == row.samples);
  }
}

TEST_CASE("several samples: never of two cases, never over a gap") {
  auto requests = samples_of("a", 3);
  requests.erase(requests.begin() + 1);  // an earlier process has it
  const Asked asked = ask(requests, ", parameters: {n: 4}, limits: {concurrency: 1}", &choices);
  CHECK(asked.calls == std::vector<int>{1, 1});
}

TEST_CASE("several samples: a server that knows no `n` is asked for the rest") {
  const Asked asked =
      ask(samples_of("a", 3), ", parameters: {n: 3}", [](int) { return choices(1); });
  CHECK(asked.calls == std::vector<int>{3, 2, 1});
  CHECK(asked.samples.size() == 3);
  for (const auto& each : asked.samples) {
    CHECK(each.second.text == "a");
    CHECK(each.second.attempts == 1);
    CHECK(each.second.usage.input == 12);
    CHECK(each.second.timing.latency_ms.has_value());  // it had the call to itself
  }
}

TEST_CASE("several samples: a failed call is asked again whole, and fails whole") {
  int seen = 0;
  const Asked mended = ask(samples_of("a", 3), ", parameters: {n: 3}", [&](int count) {
    return ++seen == 1 ? answer(503, "{}") : choices(count);
  });
  CHECK(mended.calls == std::vector<int>{3, 3});
  CHECK(mended.samples.at(0).attempts == 2);
  CHECK(mended.samples.at(0).faults.size() == 1);
  CHECK(mended.samples.at(2).attempts == 0);

  const Asked failed = ask(samples_of("a", 3), ", parameters: {n: 3}",
                           [](int) { return answer(400, R"({"error":{"message":"no"}})"); });
  CHECK(failed.calls == std::vector<int>{3});
  REQUIRE(failed.samples.size() == 3);
  for (const auto& each : failed.samples) CHECK(name(each.second.error.kind) == "bad_request");
  CHECK(failed.counts.failed == 3);
  CHECK(failed.counts.made == 1);
}

TEST_CASE("several samples: a choice that was filtered fails alone") {
  const Asked asked = ask(samples_of("a", 3), ", parameters: {n: 3}", [](int) {
    return answer(200, "{\"choices\":[" + choice(0, "", "content_filter") + "," + choice(1, "bb") +
                           "," + choice(2, "cc") +
                           "],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":6}}");
  });
  CHECK(asked.calls == std::vector<int>{3});
  REQUIRE(asked.samples.size() == 3);
  int filtered = 0;
  for (const auto& each : asked.samples)
    filtered += name(each.second.error.kind) == "content_filter" ? 1 : 0;
  CHECK(filtered == 1);
  CHECK(asked.samples.at(0).text == "bb");
}

TEST_CASE("several samples: choices of a stream come apart by their index") {
  const auto piece = [](int index, const char* text) {
    return Step{
        fmt::format("data: {{\"choices\":[{{\"index\":{},\"delta\":{{\"content\":\"{}\"}}}}]}}\n\n",
                    index, text)};
  };
  const auto end = [](int index) {
    return Step{fmt::format(
        "data: {{\"choices\":[{{\"index\":{},\"delta\":{{}},\"finish_reason\":\"stop\"}}]}}\n\n",
        index)};
  };
  const Asked asked = ask(samples_of("a", 2), ", parameters: {n: 2}", [&](int) {
    return stream({piece(0, "one "),
                   piece(1, "two "),
                   piece(1, "too"),
                   end(1),
                   piece(0, "won"),
                   end(0),
                   {usage_event(7, 5)},
                   {std::string(kDoneEvent)}});
  });
  REQUIRE(asked.samples.size() == 2);
  CHECK(asked.samples.at(0).text == "one won");
  CHECK(asked.samples.at(1).text == "two too");
  CHECK(*asked.samples.at(0).usage.output + *asked.samples.at(1).usage.output == 5);
  // Cut off before the second has its reason: no answer at all, asked again.
  int seen = 0;
  const Asked cut = ask(samples_of("a", 2), ", parameters: {n: 2}", [&](int count) {
    return ++seen == 1 ? stream({piece(0, "one"), end(0), piece(1, "tw")}) : choices(count);
  });
  CHECK(cut.calls == std::vector<int>{2, 2});
  CHECK(cut.samples.at(0).text == "a");
}
