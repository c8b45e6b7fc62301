// Thousands of streams that are open at the same time, on one loop.
#include <doctest/doctest.h>
#include <sys/resource.h>

#include "tests/support/asking.h"
#include "tests/support/loopback_server.h"

using namespace llmops;
using namespace llmops::test;
using namespace std::chrono_literals;

TEST_CASE("streams: 5,000 at once, each whole") {
  constexpr int kStreams = 5000;
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  if (files.rlim_max < 2 * kStreams + 100) {
    MESSAGE("[skipped] this shell may open only ", files.rlim_max, " files");
    return;
  }
  ChatStream chat;
  chat.tokens.assign(20, "word ");
  chat.before_first = 3s;  // by then all are open
  chat.gap = 50ms;
  const Reply reply = chat_stream(chat);
  LoopbackServer::Options options;
  options.keep_log = false;
  EventLoop loop;
  loop.http();  // raises the limit on files for both
  const LoopbackServer server([&](const Received&) { return reply; }, options);
  const auto model = model_from("{provider: openai, base_url: '" + server.url() +
                                    "/v1', name: tiny, limits: {concurrency: 5000}, "
                                    "timeout: {connect: 60s}}",
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
  CHECK(server.most_at_once() == kStreams);
  CHECK(counts.made == kStreams);
}
