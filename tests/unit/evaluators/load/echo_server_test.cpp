#include "evaluators/load/echo_server.h"

#include <doctest/doctest.h>

#include "evaluators/load/workload.h"
#include "evaluators/transport/http_client.h"
#include "tests/support/asking.h"

using namespace llmops;
using namespace llmops::test;
using namespace std::chrono_literals;

TEST_CASE("echo server: every token tells when it was sent, and is read after that") {
  const EchoServer server({.tokens = 5, .first = 5ms, .gap = 2ms});
  EventLoop loop;
  const auto model =
      model_from("{provider: openai, base_url: '" + server.base_url() + "', name: m}", loop);
  model->spec.keep_events = true;
  for (int call = 0; call < 3; ++call) {  // on one connection
    std::optional<Sample> got;
    const auto asked = Clock::now();
    model->provider->ask(plain_request("hi", 5, false), asked,
                         [&](Answer answer) { got = std::move(answer.sample); });
    loop.run_until([&] { return got.has_value(); });
    REQUIRE_MESSAGE(!got->error, got->error.message);
    REQUIRE(got->timeline.events.size() == 5);
    CHECK(got->usage.output == 5);
    std::string_view text = got->text;
    Clock::time_point before = asked + 5ms, last = asked;
    for (const EventStamp& event : got->timeline.events) {
      const auto sent = take_stamp(text);
      REQUIRE(sent);
      CHECK(*sent >= before);
      // A token that comes before the loop has read the one before it shares that one's stamp.
      CHECK((event.at >= *sent || event.at == last));
      last = event.at;
      before = *sent;
    }
    CHECK_FALSE(take_stamp(text));
  }
  CHECK(loop.http().connections_made() == 1);
}
