#include <doctest/doctest.h>

#include "tests/support/asking.h"
#include "tests/support/loopback_server.h"
#include "tests/support/reference.h"

using namespace llmops;
using namespace llmops::test;

TEST_CASE("http: any JSON endpoint") {
  LoopbackServer server([](const Received&) {
    return answer(200, R"({"answer":{"text":"fine"},"usage":[7,8],"why":"done"})");
  });
  EventLoop loop;
  const auto model = model_from(
      "{provider: http, base_url: '" + server.url() +
          "/ask', request: {q: '{{ question }}', all: '{{ messages }}', say: 'Q: {{ prompt }}!', k: 3}, output: "
          "/answer/text, input_tokens: usage.0, output_tokens: /usage/1, finish_reason: why}",
      loop);
  const Sample sample = ask_once(*model, loop, "a \"b\"?").sample;
  CHECK(sample.error.message == "");
  CHECK(sample.text == "fine");
  CHECK(sample.usage.input == 7);
  CHECK(sample.usage.output == 8);
  CHECK(sample.finish_reason == "done");
  CHECK(server.log().at(0).path == "/ask");
  CHECK(server.log().at(0).body ==
        R"({"q":"a \"b\"?","all":[{"role":"user","content":"a \"b\"?"}],"say":"Q: a \"b\"?!","k":3})");
}

TEST_CASE("http: streams, errors, nothing there") {
  struct Row {
    const char* why;
    Reply reply;
    const char* text;
    const char* kind;
  };
  const Row rows[] = {
      {"a stream of pieces", stream({{"data: {\"d\":\"a\"}\n\n"}, {"data: {\"d\":\"b\"}\n\n"}}), "ab", "none"},
      {"its own error", answer(200, R"({"err":"no"})"), "", "error_in_stream"},
      {"nothing at the path", answer(200, R"({"x":1})"), "", "empty_choices"},
      {"status", answer(500, "x"), "", "server_error"},
      {"a number", answer(200, R"({"out":5})"), "5", "none"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    LoopbackServer server([&](const Received&) { return row.reply; });
    EventLoop loop;
    const auto model = model_from("{provider: http, base_url: '" + server.url() +
                                      "', request: {q: '{{ question }}'}, output: out, stream_output: d, error: err}",
                                  loop);
    const Sample sample = ask_once(*model, loop).sample;
    CHECK(sample.text == row.text);
    CHECK(name(sample.error.kind) == row.kind);
  }
  CHECK(model_problems("{provider: http, base_url: 'http://x', output: a, request: '{{ a '}").find("llmops.yaml:1:") == 0);
}

TEST_CASE("record: what was answered is replayed") {
  LoopbackServer server([](const Received& request) -> Reply {
    if (request.number == 0) return answer(500, "{}");
    return chat_reply(request, "to " + last_user_text(request));
  });
  const TemporaryFolder folder;
  EventLoop loop;
  const std::string yaml = "{provider: openai, base_url: '" + server.url() + "/v1', name: tiny, record: r.jsonl, retries: {base: 1ms}}";
  for (int round = 0; round < 2; ++round) {  // the second round replaces the first
    const auto model = model_from(yaml, loop, folder.path());
    CHECK(ask_all({question("a", "x"), question("b", "y"), question("b", "y", 1)}, *model, loop).size() == 3);
  }
  const auto replay = model_from(
      "{provider: replay, path: r.jsonl, match: id, sample: sample, output: text, input_tokens: input_tokens, "
      "output_tokens: output_tokens, ttft_ms: ttft_ms, latency_ms: latency_ms, finish_reason: finish_reason}",
      loop, folder.path());
  const auto samples = ask_all({question("b", "", 1), question("a", ""), question("c", "")}, *replay, loop);
  CHECK(samples[0].text == "to y");
  CHECK(samples[0].usage.output == 2);
  CHECK(samples[0].timing.ttft_ms.has_value());
  CHECK(samples[1].text == "to x");
  CHECK(name(samples[2].error.kind) == "no_recording");
}
