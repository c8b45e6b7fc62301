// Thousands of streams that are open at the same time, on one loop.
#include <doctest/doctest.h>
#include <sys/resource.h>

#include "tests/support/asking.h"
#include "tests/support/loopback_server.h"

using namespace llmops;
using namespace llmops::test;
using namespace std::chrono_literals;

TEST_CASE("streams: 5,000 asked at once, thousands open together, each whole") {
  constexpr int kStreams = 5000;
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  if (files.rlim_max < 2 * kStreams + 100) {
    MESSAGE("[skipped] this shell may open only ", files.rlim_max, " files");
    return;
  }
  ChatStream chat;
  chat.tokens.assign(20, "word ");
  chat.gap = 50ms;
  LoopbackServer::Options options;
  options.keep_log = false;
  EventLoop loop;
  loop.http();  // raises the limit on files for both
  // No first token before all had half a minute to open.
  std::optional<Clock::time_point> first;
  const LoopbackServer server(
      [&](const Received& request) {
        if (!first) first = request.at;
        chat.before_first = std::max<std::chrono::nanoseconds>(0s, *first + 30s - Clock::now());
        return chat_stream(chat);
      },
      options);
  const auto model = model_from("{provider: openai, base_url: '" + server.url() +
                                    "/v1', name: tiny, limits: {concurrency: 5000}, "
                                    "timeout: {connect: 60s, first_token: 120s}}",
                                loop);
  std::vector<std::shared_ptr<const Request>> requests;
  for (int i = 0; i < kStreams; ++i) requests.push_back(question(std::to_string(i), "q"));
  FanOutCounts counts;
  const auto samples = ask_all(requests, *model, loop, {}, &counts);
  REQUIRE(samples.size() == kStreams);
  for (const Sample& sample : samples) {
    REQUIRE(sample.error.message == "");
    REQUIRE(sample.usage.output == 20);
    REQUIRE(sample.timeline.payload_events == 20);
  }
  // A burst of connections may overrun the kernel's queue of a server that has little CPU time;
  // those come seconds later.
  CHECK(server.most_at_once() > kStreams / 2);
  MESSAGE(server.most_at_once(), " were open at the same time");
  CHECK(counts.made == kStreams);
}
