// Loads against a server whose times are known. Bounds are wide: the machine that runs the tests
// may be busy.
#include "evaluators/load/driver.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "tests/support/asking.h"
#include "tests/support/loopback_server.h"

using namespace llmops;
using namespace llmops::test;
using namespace std::chrono_literals;

namespace {

struct Bench {
  EventLoop loop;
  std::unique_ptr<Model> model;
  std::unique_ptr<Workload> workload;

  explicit Bench(const LoopbackServer& server,
                 const WorkloadSpec& spec = {.input = {.mean = 8}, .output = {.mean = 4}})
      : model(model_from("{provider: openai, base_url: '" + server.url() + "/v1', name: tiny}",
                         loop)),
        workload(*make_workload(spec, 1, 1)) {
    model->spec.keep_events = true;
  }
  LoadResult run(const LoadOptions& options) { return run_load(*model, *workload, loop, options); }
};

ChatStream tokens(int n, std::chrono::nanoseconds first, std::chrono::nanoseconds gap) {
  ChatStream chat;
  for (int i = 0; i < n; ++i) chat.tokens.push_back("t ");
  chat.before_first = first;
  chat.gap = gap;
  return chat;
}

double median(std::vector<double> values) {
  REQUIRE_FALSE(values.empty());
  std::ranges::nth_element(values, values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2));
  return values[values.size() / 2];
}

std::vector<double> all(const LoadResult& result, float LoadRecord::*field) {
  std::vector<double> values;
  for (const LoadRecord& record : result.records)
    if (!record.warm_up && !std::isnan(record.*field)) values.push_back(double{record.*field});
  return values;
}

}  // namespace

TEST_CASE("load: a closed loop keeps its slots busy and measures what the server did") {
  LoopbackServer server([](const Received&) { return chat_stream(tokens(5, 40ms, 10ms)); });
  Bench bench(server);
  const LoadResult result = bench.run({.concurrency = 4, .requests = 40, .stagger_s = 0.05});
  CHECK(server.most_at_once() <= 4);
  CHECK(result.most_in_flight == 4);
  CHECK(std::ranges::count_if(result.records, [](const LoadRecord& r) { return !r.warm_up; }) ==
        40);
  CHECK(median(all(result, &LoadRecord::ttft_ms)) >= 40);
  CHECK(median(all(result, &LoadRecord::ttft_ms)) < 60);
  CHECK(median(all(result, &LoadRecord::tpot_ms)) >= 10);
  CHECK(median(all(result, &LoadRecord::tpot_ms)) < 16);
  CHECK(*result.token_gaps.quantile(0.5) < 16);
  CHECK(result.records.front().output == 5);
  CHECK(result.window_to_s > result.window_from_s);
  std::int64_t seen = 0;
  for (const LoadSecond& second : result.seconds) seen += second.output_tokens;
  CHECK(seen == 5 * static_cast<std::int64_t>(result.records.size()));
}

TEST_CASE("load: an event of four tokens is four tokens") {
  ChatStream chat = tokens(8, 1ms, 40ms);
  chat.tokens_per_event = 4;
  LoopbackServer server([&](const Received&) { return chat_stream(chat); });
  Bench bench(server);
  const LoadResult result = bench.run({.concurrency = 1, .requests = 5});
  CHECK(*result.event_gaps.quantile(0.5) >= 39);
  CHECK(*result.token_gaps.quantile(0.5) < 20);
  CHECK(median(all(result, &LoadRecord::tpot_ms)) < 20);
}

TEST_CASE("load: a server that stalls shows the stall from the scheduled time on") {
  // No answer begins in the first 400 ms: requests that were due meanwhile waited.
  const auto start = std::chrono::steady_clock::now();
  LoopbackServer server([&](const Received& request) {
    const auto until = start + 600ms;
    const auto wait = request.at < until ? until - request.at : 0ns;
    return chat_stream(tokens(2, wait, 1ms));
  });
  Bench bench(server);
  LoadOptions options{
      .arrivals = ArrivalSpec{.rate = 50, .constant = true},
        .most_in_flight = 2, .requests = 50
  };
  const LoadResult result = bench.run(options);
  std::vector<double> from_due = all(result, &LoadRecord::ttft_ms);
  std::vector<double> from_sent = all(result, &LoadRecord::service_ttft_ms);
  CHECK(result.most_in_flight == 2);
  // Two requests saw the stall at the wire, a third of all at the schedule.
  CHECK(std::ranges::count_if(from_sent, [](double ms) { return ms > 100; }) <= 4);
  CHECK(std::ranges::count_if(from_due, [](double ms) { return ms > 100; }) >= 10);
}

TEST_CASE("load: an open loop sends when it is due") {
  LoopbackServer server([](const Received&) { return chat_stream(tokens(1, 1ms, 0ns)); });
  Bench bench(server);
  LoadOptions options{
      .arrivals = ArrivalSpec{.rate = 100, .constant = true},
        .requests = 60
  };
  const LoadResult result = bench.run(options);
  for (const LoadRecord& record : result.records)
    CHECK(record.scheduled_s ==
          doctest::Approx(static_cast<double>(record.conversation) / 100).epsilon(1e-6));
  CHECK(*result.schedule_lag.quantile(0.5) < 10);
  CHECK(server.requests() == 60);
}

TEST_CASE("load: warm-up is outside the figures, a duration ends it") {
  LoopbackServer server([](const Received&) { return chat_stream(tokens(1, 5ms, 0ns)); });
  Bench bench(server);
  const LoadResult result = bench.run({.concurrency = 2, .duration_s = 0.3, .warm_up_requests = 6});
  const auto warm = std::ranges::count_if(result.records, &LoadRecord::warm_up);
  CHECK(warm == 6);
  CHECK(static_cast<std::int64_t>(result.records.size()) > warm);
  CHECK(result.wall_s < 2);
}

TEST_CASE("load: a cool-down keeps the load up until the measured ones are answered") {
  // The last measured request takes longest; without a cool-down it would be alone.
  LoopbackServer server([](const Received& request) {
    return chat_stream(tokens(1, request.number == 9 ? 120ms : 5ms, 0ns));
  });
  Bench bench(server);
  const LoadResult result = bench.run({.concurrency = 2, .requests = 9, .cool_down_s = 5});
  std::int64_t measured = 0, cooling = 0;
  double last_end = 0, last_sent = 0;
  for (const LoadRecord& record : result.records) {
    if (record.warm_up) continue;
    (record.cool_down ? cooling : measured) += 1;
    if (record.cool_down)
      last_sent = std::max(last_sent, record.sent_s);
    else
      last_end = std::max(last_end, record.end_s);
  }
  CHECK(measured == 9);
  CHECK(cooling >= 3);
  CHECK(last_sent <= last_end + 0.05);  // it ended with them, not after five seconds
  CHECK(result.window_to_s < last_sent);
}

TEST_CASE("load: role, reasoning and answer have times of their own, and the server's are kept") {
  LoopbackServer server([](const Received&) {
    const auto thinking = [](const char* text) {
      return std::string("data: {\"choices\":[{\"index\":0,\"delta\":{\"reasoning_content\":\"") +
             text + "\"}}]}\n\n";
    };
    return stream({
        {role_event()                          },
        {thinking("hm"),                         20ms},
        {text_event("yes"),                                      20ms},
        {finish_event()},
        {"data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2},"
         "\"timings\":{\"prompt_n\":3,\"prompt_ms\":12.5,\"predicted_n\":2,"
         "\"predicted_ms\":30.5}}\n\n"                        },
        {std::string(kDoneEvent)}
    });
  });
  Bench bench(server);
  const LoadResult result = bench.run({.concurrency = 1, .requests = 8, .keep_gaps = true});
  float earliest_event_ms = 1e9F;
  REQUIRE(result.gaps_ms.size() == result.records.size());
  for (std::size_t i = 0; i < result.records.size(); ++i) {
    const LoadRecord& record = result.records[i];
    // The server was asked after the send, and says nothing before its time: a busy machine can
    // only make these later.
    CHECK(record.ttft_ms > 19.9F);
    CHECK(record.ttfo_ms > 39.9F);
    earliest_event_ms = std::min(earliest_event_ms, record.first_event_ms);
    CHECK(record.server_prefill_ms == doctest::Approx(12.5));
    CHECK(std::isnan(record.server_queue_ms));
    REQUIRE(result.gaps_ms[i].size() == 1);
    CHECK(result.gaps_ms[i][0] == doctest::Approx(record.ttfo_ms - record.ttft_ms).epsilon(1e-3));
  }
  CHECK(earliest_event_ms < 20);  // the role's, in the best of eight
}

TEST_CASE("load: failures are counted by kind and never mended") {
  LoopbackServer server([n = 0](const Received&) mutable {
    return ++n % 2 == 0 ? answer(503, R"({"error":{"message":"busy"}})")
                        : chat_stream(tokens(1, 1ms, 0ns));
  });
  Bench bench(server);
  const LoadResult result = bench.run({.concurrency = 1, .requests = 10});
  CHECK(server.requests() == 10);
  CHECK(std::ranges::count_if(result.records, [](const LoadRecord& record) {
          return record.error != ErrorClass::none;
        }) == 5);
}

TEST_CASE("load: turns follow each other, with the pause between them") {
  std::vector<std::size_t> lengths;
  LoopbackServer server([&](const Received& request) {
    lengths.push_back(request.body.size());
    return chat_stream(tokens(2, 1ms, 0ns));
  });
  Bench bench(server, {.input = {.mean = 8}, .output = {.mean = 4}, .turns = 3});
  const LoadResult result = bench.run({.concurrency = 1, .requests = 6, .think_s = 0.03});
  REQUIRE(lengths.size() == 6);
  CHECK(lengths[1] > lengths[0]);
  CHECK(lengths[2] > lengths[1]);
  CHECK(lengths[3] < lengths[2]);
  CHECK(result.records[1].sent_s - result.records[0].end_s >= 0.029);
}

TEST_CASE("load: Ctrl-C sends no more and keeps what was measured") {
  std::atomic<int> interrupts{0};
  LoopbackServer server([&](const Received& request) {
    if (request.number == 5) interrupts = 1;
    return chat_stream(tokens(1, 1ms, 0ns));
  });
  Bench bench(server);
  const LoadResult result =
      bench.run({.concurrency = 2, .requests = 100000, .interrupts = &interrupts});
  CHECK(result.interrupted);
  CHECK(result.records.size() < 20);
  CHECK(result.records.size() >= 5);
}
