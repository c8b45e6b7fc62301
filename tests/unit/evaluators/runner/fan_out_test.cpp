#include "evaluators/runner/fan_out.h"

#include <doctest/doctest.h>

#include <map>
#include <set>

#include "evaluators/runner/rate_limit.h"
#include "evaluators/runner/retry.h"
#include "tests/support/asking.h"
#include "tests/support/loopback_server.h"

using namespace llmops;
using namespace llmops::test;
using namespace std::chrono_literals;

namespace {

std::string yaml(const LoopbackServer& server, std::string_view more = "") {
  return "{provider: openai, base_url: '" + server.url() +
         "/v1', name: tiny, retries: {base: 1ms, cap: 4ms}" + std::string(more) + "}";
}

std::vector<std::shared_ptr<const Request>> questions(int count) {
  std::vector<std::shared_ptr<const Request>> requests;
  for (int i = 0; i < count; ++i)
    requests.push_back(question("case" + std::to_string(i), "q" + std::to_string(i)));
  return requests;
}

}  // namespace

TEST_CASE("fan_out: each case once, never more at once than allowed") {
  LoopbackServer server([](const Received& request) {
    return answer_after(1ms, 200, chat_json("to " + last_user_text(request), 1, 1));
  });
  EventLoop loop;
  const auto model = model_from(yaml(server, ", limits: {concurrency: 5}"), loop);
  FanOutCounts counts;
  const auto samples = ask_all(questions(200), *model, loop, {}, &counts);
  std::set<std::string> ids;
  for (const Sample& sample : samples) {
    CHECK(sample.text == "to q" + sample.case_id.substr(4));
    ids.insert(sample.case_id);
  }
  CHECK(ids.size() == 200);
  CHECK(counts.made == 200);
  CHECK(counts.failed == 0);
  CHECK_FALSE(counts.stopped.has_value());
  CHECK(server.most_at_once() <= 5);
  CHECK(server.most_at_once() >= 4);
}

TEST_CASE("fan_out: what a retry can mend is mended, what it cannot is a failed sample") {
  std::map<std::string, int> seen;
  LoopbackServer server([&](const Received& request) -> Reply {
    const std::string text = last_user_text(request);
    const int attempt = ++seen[text];
    const int number = std::stoi(text.substr(1));
    if (number == 7) return answer(400, R"({"error":{"message":"never"}})");
    if (number == 8) return answer(500, "{}");
    if (attempt > number % 4) return chat_reply(request, "fine");
    if (attempt == 1) return answer(503, "{}");
    if (attempt == 2) return nullptr;
    return stream({{text_event("half")}});
  });
  EventLoop loop;
  const auto model = model_from(yaml(server, ", limits: {concurrency: 4}"), loop);
  FanOutCounts counts;
  const auto samples = ask_all(questions(20), *model, loop, {}, &counts);
  REQUIRE(samples.size() == 20);
  for (const Sample& sample : samples) {
    CAPTURE(sample.case_id);
    const int number = std::stoi(sample.case_id.substr(4));
    if (number == 7) {
      CHECK(name(sample.error.kind) == "bad_request");
      CHECK(sample.attempts == 1);
    } else if (number == 8) {
      CHECK(name(sample.error.kind) == "server_error");
      CHECK(sample.attempts == 6);
    } else {
      CHECK(sample.text == "fine");
      CHECK(sample.attempts == number % 4 + 1);
    }
  }
  CHECK(counts.failed == 2);
  CHECK(counts.made == counts.retried + 20);
  CHECK(counts.faults[ErrorClass::server_error] == 6);
  CHECK(counts.faults[ErrorClass::reset] == 9);
}

TEST_CASE("fan_out: a refused key or an empty account ends the run at once") {
  struct Row {
    int status;
    const char* stopped;
  };
  for (const Row& row : {
           Row{401,
               "the server wants a key (HTTP 401: no): name the variable that holds it with "
               "`api_key_env`"                                                             },
           Row{402, "the account has no quota left (HTTP 402: no): raise it, then --resume"}
  }) {
    LoopbackServer server([&](const Received&) { return answer(row.status, "no"); });
    EventLoop loop;
    const auto model = model_from(yaml(server, ", limits: {concurrency: 2}"), loop);
    FanOutCounts counts;
    const auto samples = ask_all(questions(1000), *model, loop, {}, &counts);
    CHECK(samples.size() <= 2);
    CHECK(counts.stopped == row.stopped);
    CHECK(server.requests() <= 2);
  }
}

TEST_CASE("fan_out: budgets") {
  LoopbackServer server([](const Received&) { return chat_answer("fine", 100, 100); });
  EventLoop loop;
  const auto model = model_from(yaml(server,
                                     ", price: {input: 5000, output: 5000}, parameters: "
                                     "{max_tokens: 100}, limits: {concurrency: 4}"),
                                loop);
  FanOutOptions options;
  options.max_cost_usd = 10.0;  // a dollar a call
  FanOutCounts counts;
  CHECK(ask_all(questions(100), *model, loop, options, &counts).size() == 10);
  CHECK(counts.cost_usd == doctest::Approx(10.0));
  CHECK(counts.stopped == "max-cost reached: 10.0000 of 10.0000 USD spent");
  options = {};
  options.max_tokens = 1000;
  CHECK(ask_all(questions(100), *model, loop, options, &counts).size() == 5);
  CHECK(counts.stopped == "max-tokens reached: 1000 of 1000 spent");
}

TEST_CASE("fan_out: the run's own deadline holds whatever the server does") {
  LoopbackServer server([](const Received&) {
    return std::make_shared<const Steps>(Steps{
        {"", 0ns, Step::Action::stall}
    });
  });
  EventLoop loop;
  const auto model = model_from(yaml(server), loop);
  FanOutOptions options;
  options.max_time = 50ms;
  FanOutCounts counts;
  CHECK(ask_all(questions(100), *model, loop, options, &counts).empty());
  CHECK(counts.stopped == "max-time reached");
}

TEST_CASE("fan_out: interrupts") {
  std::atomic<int> interrupts{0};
  std::atomic<int> asked{0};
  LoopbackServer server([&](const Received&) {
    if (++asked == 10) interrupts = 1;
    return answer_after(20ms, 200, chat_json("fine", 1, 1));
  });
  EventLoop loop;
  const auto model = model_from(yaml(server, ", limits: {concurrency: 4}"), loop);
  FanOutOptions options;
  options.interrupts = &interrupts;
  options.tick = 1ms;
  FanOutCounts counts;
  const auto samples = ask_all(questions(1000), *model, loop, options, &counts);
  CHECK(counts.stopped == "interrupted");
  CHECK(static_cast<std::int64_t>(samples.size()) ==
        server.requests());  // what was in flight is finished
  CHECK(samples.size() < 100);

  LoopbackServer silent([&](const Received&) {
    interrupts = 2;
    return std::make_shared<const Steps>(Steps{
        {"", 0ns, Step::Action::stall}
    });
  });
  interrupts = 0;
  const auto stuck = model_from(yaml(silent), loop);
  CHECK(ask_all(questions(10), *stuck, loop, options, &counts).empty());
}

TEST_CASE("fan_out: known answers are not asked for") {
  LoopbackServer server([](const Received&) { return chat_answer("asked"); });
  EventLoop loop;
  const auto model = model_from(yaml(server), loop);
  FanOutOptions options;
  options.known = [](const Request& request) -> std::optional<Sample> {
    if (request.row->id.back() != '1') return std::nullopt;
    Sample sample;
    sample.case_id = request.row->id;
    sample.text = "known";
    sample.cached = true;
    return sample;
  };
  FanOutCounts counts;
  const auto samples = ask_all(questions(20), *model, loop, options, &counts);
  CHECK(samples.size() == 20);
  CHECK(counts.cached == 2);
  CHECK(server.requests() == 18);
}

TEST_CASE("fan_out: requests a minute") {
  LoopbackServer server([](const Received&) { return chat_answer("fine"); });
  EventLoop loop;
  const auto model = model_from(yaml(server, ", limits: {requests_per_minute: 3000}"), loop);
  const auto start = Clock::now();
  ask_all(questions(21), *model, loop);
  CHECK(Clock::now() - start >= 390ms);  // 20 further calls, 50 a second
}

TEST_CASE("token bucket: never more in a minute than allowed, debts are paid") {
  TokenBucket bucket(60);
  Clock::time_point now{};
  int taken = 0;
  for (int ms = 0; ms < 60'000; ++ms) {
    now = Clock::time_point(std::chrono::milliseconds(ms));
    if (bucket.wait(1, now).count() > 0) continue;
    bucket.take(1, now);
    ++taken;
  }
  CHECK(taken == 60);
  TokenBucket tokens(6000);  // 100 a second
  tokens.take(1, now);
  now += 10s;
  CHECK(tokens.wait(250, now).count() == 0);
  tokens.take(250, now);
  CHECK(std::chrono::round<std::chrono::milliseconds>(tokens.wait(100, now)) == 2500ms);
  tokens.correct(-100);  // it was less
  CHECK(std::chrono::round<std::chrono::milliseconds>(tokens.wait(100, now)) == 1500ms);
}

TEST_CASE("backoff: full jitter under a doubling ceiling, never below what the server asked") {
  const RetryPolicy policy{.max = 9, .base = 200ms, .cap = 1s};
  Random random(1);
  for (int attempt = 1; attempt < 8; ++attempt) {
    std::chrono::nanoseconds longest{0};
    for (int i = 0; i < 1000; ++i)
      longest = std::max(longest, backoff(policy, attempt, std::nullopt, random));
    const auto ceiling = std::min<std::chrono::nanoseconds>(1s, 200ms * (1 << (attempt - 1)));
    CHECK(longest <= ceiling);
    CHECK(longest > ceiling * 9 / 10);
  }
  CHECK(backoff(policy, 1, 3s, random) >= 3s);
  CHECK(backoff(policy, 1, 3s, random) <= 3200ms);
  CHECK(backoff(policy, 1, std::chrono::hours(5), random) <= 601s);
}
