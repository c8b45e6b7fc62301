// The chain of defences together, against a server that misbehaves by script.
#include "evaluators/runner/caller.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <set>

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

const Step kCut{"", 0ns, Step::Action::close};
const Step kReset{"", 0ns, Step::Action::reset};
const Step kStall{"", 0ns, Step::Action::stall};

// Ten ways to fail; those that hold the connection are ended by time-outs.
std::vector<Reply> ten_faults() {
  return {
      answer(429, R"({"error":{"message":"slow down"}})", {"retry-after-ms: 2"}),
      answer(500, "oops"),
      answer(503, R"({"error":{"message":"loading"}})"),
      nullptr,
      stream({{text_event("half")}, kCut}),
      stream({{text_event("half")}, kReset}),
      stream({{text_event("half")}, {"data: {\"error\":{\"message\":\"lost\"}}\n\n"}}),
      answer(200, "<html>", {}, "text/html"),
      answer(200, "{\"choices\":["),
      stream({{role_event()}, {std::string(kDoneEvent)}, {usage_event(1, 1)}}),
  };
}

}  // namespace

TEST_CASE("caller: 2,000 calls, 30 % of all attempts fail in ten ways, each is answered once") {
  Random random(5);
  std::vector<Reply> faults = ten_faults();
  faults.back() = answer(200, R"({"choices":[]})");
  std::map<std::string, int> answered;
  std::int64_t failed = 0;
  LoopbackServer server([&](const Received& request) {
    if (random.uniform() < 0.3) {
      ++failed;
      return faults[random.below(faults.size())];
    }
    const std::string text = last_user_text(request);
    ++answered[text];
    return chat_reply(request, "to " + text);
  });
  EventLoop loop;
  const auto model = model_from(
      "{provider: openai, base_url: '" + server.url() +
          "/v1', name: tiny, retries: {max: 30, base: 1ms, cap: 4ms}, limits: {concurrency: 50}}",
      loop);
  FanOutCounts counts;
  const auto samples = ask_all(questions(2000), *model, loop, {}, &counts);
  REQUIRE(samples.size() == 2000);
  std::set<std::string> ids;
  for (const Sample& sample : samples) {
    REQUIRE(sample.error.message == "");
    REQUIRE(sample.text == "to q" + sample.case_id.substr(4));
    ids.insert(sample.case_id);
  }
  CHECK(ids.size() == 2000);
  CHECK(counts.failed == 0);
  CHECK_FALSE(counts.stopped.has_value());
  CHECK(answered.size() == 2000);
  for (const auto& each : answered) REQUIRE(each.second == 1);  // each is paid once
  std::int64_t counted = 0;
  for (const auto& each : counts.faults) counted += each.second;
  CHECK(counted == failed);
  CHECK(counts.made == 2000 + failed);
  CHECK(server.requests() == counts.made);
  CHECK(counts.faults.size() >= 7);
}

TEST_CASE("caller: no fault of the server holds a run past its deadline") {
  std::vector<Reply> faults = ten_faults();
  faults.push_back(std::make_shared<const Steps>(Steps{kStall}));
  faults.push_back(stream({kStall}));
  faults.push_back(stream({{role_event()}, kStall}));
  faults.push_back(stream({{text_event("a")}, kStall}));
  faults.push_back(stream({
      {text_event("a")},
      { ": ping\n\n",            1ms},
      { ": ping\n\n",            1ms},
      kStall
  }));
  faults.push_back(answer(429, "", {"retry-after: 100000"}));
  faults.push_back(answer(503, "", {"retry-after: Fri, 31 Dec 2999 23:59:59 GMT"}));
  faults.push_back(std::make_shared<const Steps>(Steps{{"HTTP/1.1 200 OK\r\nContent-Le"}, kStall}));
  faults.push_back(std::make_shared<const Steps>(Steps{{"HTTP/1.1 100 Continue\r\n\r\n"}, kStall}));
  faults.push_back(std::make_shared<const Steps>(
      Steps{{"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"},
            kStall}));
  for (std::size_t i = 0; i < faults.size(); ++i) {
    CAPTURE(i);
    LoopbackServer server([&](const Received&) { return faults[i]; });
    EventLoop loop;
    const auto model = model_from("{provider: openai, base_url: '" + server.url() +
                                      "/v1', name: tiny, limits: {concurrency: 4}}",
                                  loop);
    FanOutOptions options;
    options.max_time = 30ms;
    FanOutCounts counts;
    ask_all(questions(50), *model, loop, options, &counts);  // that it returns is the test
    CHECK(counts.stopped.has_value());
  }
}

TEST_CASE("caller: an endpoint that is down ends the run, after as many probes as retries") {
  std::atomic<bool> up{true};
  LoopbackServer server([&](const Received& request) -> Reply {
    return up ? chat_reply(request, "fine") : answer(500, "{}");
  });
  EventLoop loop;
  const auto model = model_from(yaml(server, ", limits: {concurrency: 8}"), loop);
  up = false;
  FanOutCounts counts;
  const auto samples = ask_all(questions(10000), *model, loop, {}, &counts);
  CHECK(samples.size() < 50);
  CHECK(counts.stopped == "the endpoint is down, the last attempt ended with: HTTP 500: {}");
  CHECK(counts.fatal == ErrorClass::server_error);
  CHECK(server.requests() < 100);
}

TEST_CASE("caller: an endpoint that comes back is used again") {
  std::atomic<int> requests{0};
  LoopbackServer server([&](const Received& request) -> Reply {
    const int number = ++requests;
    if (number > 20 && number <= 40) return nullptr;
    return chat_reply(request, "fine");
  });
  EventLoop loop;
  const auto model = model_from("{provider: openai, base_url: '" + server.url() +
                                    "/v1', name: t, retries: {max: 40, base: 1ms, cap: 2ms}, "
                                    "limits: {concurrency: 8}}",
                                loop);
  FanOutCounts counts;
  const auto samples = ask_all(questions(200), *model, loop, {}, &counts);
  CHECK(samples.size() == 200);
  CHECK(counts.failed == 0);
  CHECK_FALSE(counts.stopped.has_value());
}

TEST_CASE("caller: no such model ends a run that has no answer yet") {
  LoopbackServer server([](const Received&) {
    return answer(404, R"({"error":{"message":"The model `tiny` does not exist"}})");
  });
  EventLoop loop;
  const auto model = model_from(yaml(server, ", limits: {concurrency: 2}"), loop);
  FanOutCounts counts;
  CHECK(ask_all(questions(1000), *model, loop, {}, &counts).size() <= 2);
  CHECK(counts.stopped ==
        "nothing answers there (HTTP 404: The model `tiny` does not exist): check `base_url` and "
        "`name`");
}

TEST_CASE("caller: the fallback chain") {
  LoopbackServer first([](const Received& request) -> Reply {
    const std::string text = last_user_text(request);
    if (text == "q1") return answer(500, "{}");
    if (text == "q2") return answer(400, R"({"error":{"message":"bad"}})");
    return chat_reply(request, "first");
  });
  LoopbackServer second([](const Received&) -> Reply { return answer(503, "{}"); });
  LoopbackServer third([](const Received& request) { return chat_reply(request, "third"); });
  EventLoop loop;
  const auto model =
      model_from(yaml(first, ", fallback: [" + yaml(second) + ", " + yaml(third) + "]"), loop);
  FanOutCounts counts;
  for (const Sample& sample : ask_all(questions(4), *model, loop, {}, &counts)) {
    CAPTURE(sample.case_id);
    if (sample.case_id == "case1") {
      CHECK(sample.text == "third");
      CHECK(sample.fallback == 2);
      CHECK(sample.attempts == 13);
    } else if (sample.case_id == "case2") {
      CHECK(name(sample.error.kind) == "bad_request");  // no other model would take it
    } else {
      CHECK(sample.text == "first");
      CHECK(sample.fallback == 0);
    }
  }
  CHECK(counts.fallbacks == 1);
  CHECK(counts.made == 4 + 5 + 6 + 1);
}

TEST_CASE("caller: a refused key with a fallback does not end the run") {
  LoopbackServer first([](const Received&) { return answer(401, "no"); });
  LoopbackServer second([](const Received& request) { return chat_reply(request, "second"); });
  EventLoop loop;
  const auto model = model_from(yaml(first, ", fallback: [" + yaml(second) + "]"), loop);
  FanOutCounts counts;
  const auto samples = ask_all(questions(300), *model, loop, {}, &counts);
  REQUIRE(samples.size() == 300);
  for (const Sample& sample : samples) REQUIRE(sample.text == "second");
  CHECK(first.requests() <= 32);
  CHECK_FALSE(counts.stopped.has_value());
}

TEST_CASE("caller: a late answer is asked for again, and the first that comes wins") {
  std::map<std::string, int> seen;
  LoopbackServer server([&](const Received& request) -> Reply {
    const std::string text = last_user_text(request);
    if (text == "q3" && ++seen[text] == 1) return std::make_shared<const Steps>(Steps{kStall});
    return chat_reply(request, "fine");
  });
  EventLoop loop;
  // `most: 1`: on a busy machine other answers are late, too, and must not use it up.
  const auto model = model_from(yaml(server, ", hedge: {after: 30ms, most: 1}"), loop);
  FanOutCounts counts;
  const auto samples = ask_all(questions(40), *model, loop, {}, &counts);
  REQUIRE(samples.size() == 40);
  for (const Sample& sample : samples) CHECK(sample.text == "fine");
  CHECK(counts.hedged >= 1);
  CHECK(counts.made == 40 + counts.hedged);
}

TEST_CASE("caller: hedges keep to their share, and a call that got none is looked at again") {
  // The first attempts of four calls get no answer. Half of four is not enough for all of them.
  std::mutex mutex;
  std::set<std::string> seen;
  LoopbackServer server([&](const Received& request) -> Reply {
    const std::scoped_lock lock(mutex);
    if (seen.size() < 4 && seen.insert(last_user_text(request)).second)
      return std::make_shared<const Steps>(Steps{kStall});
    return chat_reply(request, "fine");
  });
  EventLoop loop;
  const auto model =
      model_from(yaml(server, ", hedge: {after: 5ms, most: 0.5}, limits: {concurrency: 4}"), loop);
  FanOutCounts counts;
  const auto samples = ask_all(questions(40), *model, loop, {}, &counts);
  REQUIRE(samples.size() == 40);
  for (const Sample& sample : samples) CHECK(sample.text == "fine");
  CHECK(counts.hedged >= 4);
  CHECK(2 * counts.hedged <= counts.made);
}

TEST_CASE("caller: what a refused call was thought to use goes back to the rate of tokens") {
  struct Row {
    const char* why;
    Reply reply;
    bool back;
  };
  const Row rows[] = {
      {"refused", answer(400, R"({"error":{"message":"no"}})"), true},
      {"not let in",         answer(529,        "{}"),                      true},
      {"answered, and told to be less",     chat_answer("fine",               1,1), true},
      {"cut off, nobody knows where",        stream({{text_event("half")}, kCut}),  false                                  },
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    LoopbackServer server([&](const Received&) { return row.reply; });
    EventLoop loop;
    // Ten tokens a second, at most ten at once; a call is thought to use 600.
    const auto model =
        model_from("{provider: openai, base_url: '" + server.url() +
                       "/v1', name: t, retries: {max: 0}, parameters: {max_tokens: 600}, "
                       "limits: {tokens_per_minute: 600}}",
                   loop);
    const auto account = account_of(model->spec);  // keeps it while it is looked at
    ask_all(questions(1), *model, loop);
    CHECK((account->wait(5, Clock::now()) < 5s) == row.back);
  }
}

TEST_CASE("caller: too many requests cuts the concurrency, a server's wait holds all sends") {
  std::atomic<int> limited{0};
  LoopbackServer server([&](const Received& request) -> Reply {
    if (request.number == 3) {
      ++limited;
      return answer(429, "{}", {"retry-after-ms: 60"});
    }
    return answer_after(2ms, 200, chat_json("fine", 1, 1));
  });
  EventLoop loop;
  const auto model = model_from(yaml(server, ", limits: {concurrency: 10}"), loop);
  Caller caller(*model, loop, 1);
  std::vector<Clock::time_point> sent;
  for (const auto& request : questions(60))
    caller.ask(request, [&](Sample sample) { sent.push_back(*sample.timeline.sent); });
  loop.run_until([&] { return sent.size() == 60; });
  CHECK(caller.limit() == 8);
  // Once the 429 was read nothing was sent for 60 ms.
  std::sort(sent.begin(), sent.end());
  Clock::duration longest{0};
  for (std::size_t i = 1; i < sent.size(); ++i) longest = std::max(longest, sent[i] - sent[i - 1]);
  CHECK(longest >= 59ms);
}

TEST_CASE("caller: models of one account share its tightest rate, whichever loop sends") {
  LoopbackServer server([](const Received&) { return chat_answer("fine"); });
  EventLoop loop, other_loop;
  const auto candidate = model_from(yaml(server, ", limits: {requests_per_minute: 3000}"), loop);
  const auto judge = model_from(yaml(server), other_loop);  // names no rate of its own
  Caller first(*candidate, loop, 1), second(*judge, other_loop, 1);
  const auto start = Clock::now();
  int done = 0;
  for (const auto& request : questions(11)) {
    first.ask(request, [&](Sample) { ++done; });
    second.ask(request, [&](Sample) { ++done; });
  }
  while (done < 22) {
    loop.turn(1ms);
    other_loop.turn(1ms);
  }
  CHECK(Clock::now() - start >= 410ms);  // 21 further calls, 50 a second
}
