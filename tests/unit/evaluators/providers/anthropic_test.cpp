#include <doctest/doctest.h>

#include <cstdlib>

#include "datasets/text/json.h"
#include "evaluators/providers/anthropic_request.h"
#include "tests/support/asking.h"
#include "tests/support/loopback_server.h"

using namespace llmops;
using namespace llmops::test;

namespace {

std::string yaml(const LoopbackServer& server, std::string_view more = "") {
  return "{provider: anthropic, base_url: '" + server.url() + "/v1', name: claude-x" + std::string(more) + "}";
}

Sample one(const Reply& reply, std::string_view more = "") {
  LoopbackServer server([&](const Received&) { return reply; });
  EventLoop loop;
  const auto model = model_from(yaml(server, more), loop);
  return ask_once(*model, loop).sample;
}

Step event(std::string_view name, std::string_view data) {
  return {"event: " + std::string(name) + "\ndata: " + std::string(data) + "\n\n"};
}

const Step kStart = event(
    "message_start",
    R"({"type":"message_start","message":{"id":"m","type":"message","role":"assistant","content":[],"model":"claude-x-1","stop_reason":null,"usage":{"input_tokens":5,"cache_creation_input_tokens":2,"cache_read_input_tokens":10,"output_tokens":1}}})");
const Step kTextStart = event("content_block_start", R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})");
const Step kStop = event("message_stop", R"({"type":"message_stop"})");

Step text(std::string_view words) {
  return event("content_block_delta",
               R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":")" + std::string(words) + "\"}}");
}
Step end(std::string_view reason, int tokens) {
  return event("message_delta", R"({"type":"message_delta","delta":{"stop_reason":")" + std::string(reason) +
                                    R"("},"usage":{"output_tokens":)" + std::to_string(tokens) + "}}");
}

}  // namespace

TEST_CASE("anthropic: a stream comes together") {
  const Sample sample = one(stream(
      {kStart, event("ping", R"({"type":"ping"})"),
       event("content_block_start", R"({"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":""}})"),
       event("content_block_delta", R"({"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}})"),
       event("content_block_delta", R"({"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"x"}})"),
       kTextStart, text("Hel"), text("lo"),
       event("content_block_stop", R"({"type":"content_block_stop","index":0})"),
       event("content_block_start", R"({"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"t1","name":"f","input":{}}})"),
       event("content_block_delta", R"({"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\"a\":"}})"),
       event("content_block_delta", R"({"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"1}"}})"),
       end("tool_use", 25), kStop}));
  CHECK(sample.error.message == "");
  CHECK(sample.text == "Hello");
  CHECK(sample.reasoning == "hm");
  CHECK(sample.finish_reason == "tool_calls");
  CHECK(sample.model == "claude-x-1");
  CHECK(sample.usage.input == 17);
  CHECK(sample.usage.cached == 10);
  CHECK(sample.usage.output == 25);
  CHECK(sample.timeline.payload_events == 6);
  CHECK(dump_json(sample.tool_calls) == R"([{"id":"t1","name":"f","arguments":"{\"a\":1}"}])");
}

TEST_CASE("anthropic: without stream") {
  const Sample sample = one(
      answer(200, R"({"type":"message","model":"claude-x-1","content":[{"type":"text","text":"Hello"},{"type":"tool_use","id":"t","name":"f","input":{"a":1}}],"stop_reason":"max_tokens","usage":{"input_tokens":3,"output_tokens":4}})"),
      ", stream: false");
  CHECK(sample.error.message == "");
  CHECK(sample.text == "Hello");
  CHECK(sample.finish_reason == "length");
  CHECK(sample.usage.input == 3);
  CHECK(sample.usage.output == 4);
  CHECK(dump_json(sample.tool_calls) == R"([{"id":"t","name":"f","arguments":"{\"a\":1}"}])");
}

TEST_CASE("anthropic: faults") {
  struct Row {
    const char* why;
    Reply reply;
    const char* kind;
  };
  const Row rows[] = {
      {"rate limit", answer(429, R"({"type":"error","error":{"type":"rate_limit_error","message":"slow"}})"), "rate_limited"},
      {"overloaded", answer(529, R"({"type":"error","error":{"type":"overloaded_error","message":"busy"}})"), "overloaded"},
      {"key", answer(401, R"({"type":"error","error":{"type":"authentication_error","message":"bad"}})"), "auth"},
      {"credit", answer(400, R"({"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low"}})"), "quota"},
      {"too long", answer(400, R"({"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 9 tokens"}})"), "too_long"},
      {"overloaded in the stream", stream({kStart, event("error", R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})")}), "overloaded"},
      {"some error in the stream", stream({kStart, kTextStart, text("a"), event("error", R"({"type":"error","error":{"type":"api_error","message":"oops"}})")}), "error_in_stream"},
      {"cut off", stream({kStart, kTextStart, text("a")}), "truncated"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    CHECK(name(one(row.reply).error.kind) == row.kind);
  }
}

TEST_CASE("anthropic: what is asked") {
  ::setenv("LLMOPS_TEST_KEY", "sk-very-secret", 1);
  LoopbackServer server([](const Received&) { return stream({kStart, kTextStart, text("a"), end("end_turn", 1), kStop}); });
  EventLoop loop;
  const auto model = model_from(
      yaml(server, ", api_key_env: LLMOPS_TEST_KEY, parameters: {stop: END, temperature: 0}"), loop);
  CHECK(ask_once(*model, loop, "hi").sample.text == "a");
  const Received got = server.log().at(0);
  CHECK(got.path == "/v1/messages");
  CHECK(got.header("x-api-key") == "sk-very-secret");
  CHECK(got.header("anthropic-version") == "2023-06-01");
  CHECK(got.body ==
        R"({"model":"claude-x","max_tokens":4096,"stop_sequences":["END"],"temperature":0,"messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}],"stream":true})");

  Request request;
  const auto part = [](std::string type, std::string content) { return Part{std::move(type), std::move(content), {}}; };
  request.messages.push_back({"system", {part("text", "Be kind.")}, {}});
  request.messages.push_back({"user", {part("text", "See"), part("image_url", "data:image/png;base64,AAAA"), part("image_url", "https://x/y.png")}, {}});
  Object calls;
  calls.add("tool_calls", *parse_json(R"([{"id":"c","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}])", "t"));
  request.messages.push_back({"assistant", {}, calls});
  Object of;
  of.add("tool_call_id", "c");
  request.messages.push_back({"tool", {part("text", "42")}, of});
  ModelSpec spec;
  spec.name = "m";
  const Result<std::string> body = anthropic_body(spec, request);
  REQUIRE(body);
  CHECK(*body ==
        R"({"model":"m","max_tokens":4096,"system":"Be kind.","messages":[)"
        R"({"role":"user","content":[{"type":"text","text":"See"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}},{"type":"image","source":{"type":"url","url":"https://x/y.png"}}]},)"
        R"({"role":"assistant","content":[{"type":"tool_use","id":"c","name":"f","input":{"a":1}}]},)"
        R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"c","content":[{"type":"text","text":"42"}]}]}],"stream":true})");
}
