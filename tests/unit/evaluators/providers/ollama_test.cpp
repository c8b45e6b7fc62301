#include <doctest/doctest.h>

#include "datasets/text/json.h"
#include "tests/support/asking.h"
#include "tests/support/loopback_server.h"

using namespace llmops;
using namespace llmops::test;

namespace {

std::string yaml(const LoopbackServer& server, std::string_view more = "") {
  return "{provider: ollama, base_url: '" + server.url() + "', name: tiny" + std::string(more) + "}";
}

Reply lines(const std::vector<std::string>& pieces) {
  Steps steps{{chunked_head(200, "application/x-ndjson")}};
  for (const std::string& piece : pieces) steps.push_back({http_chunk(piece)});
  steps.push_back({std::string(kLastChunk)});
  return std::make_shared<const Steps>(steps);
}

std::string says(std::string_view text) {
  return R"({"model":"tiny:1b","created_at":"2026-01-01T00:00:00Z","message":{"role":"assistant","content":")" +
         std::string(text) + "\"},\"done\":false}\n";
}

const std::string kEnd =
    R"({"model":"tiny:1b","message":{"role":"assistant","content":""},"done":true,"done_reason":"length","total_duration":700000000,"load_duration":50000000,"prompt_eval_count":26,"prompt_eval_duration":120000000,"eval_count":4,"eval_duration":400000000})"
    "\n";

Sample one(const Reply& reply, std::string_view more = "") {
  LoopbackServer server([&](const Received&) { return reply; });
  EventLoop loop;
  const auto model = model_from(yaml(server, more), loop);
  return ask_once(*model, loop).sample;
}

}  // namespace

TEST_CASE("ollama: lines come together, wherever they are cut; the server tells its times") {
  const std::string all = says("a ") + says("b") + kEnd;
  for (std::size_t cut = 1; cut < all.size(); cut += 41) {
    CAPTURE(cut);
    const Sample sample = one(lines({all.substr(0, cut), all.substr(cut)}));
    CHECK(sample.error.message == "");
    CHECK(sample.text == "a b");
    CHECK(sample.finish_reason == "length");
    CHECK(sample.model == "tiny:1b");
    CHECK(*sample.usage.input == 26);
    CHECK(*sample.usage.output == 4);
    CHECK(*sample.server.prefill_ms == 120);
    CHECK(*sample.server.decode_ms == 400);
    CHECK(*sample.server.queue_ms == doctest::Approx(180));  // loading and waiting
    CHECK(sample.timeline.payload_events == 2);
  }
  // The last line without its end, CRLF, blank lines.
  CHECK(one(lines({says("a"), "\r\n\n", kEnd.substr(0, kEnd.size() - 1)})).text == "a");
}

TEST_CASE("ollama: thinking, tool calls, a document") {
  const Sample sample = one(lines(
      {R"({"message":{"role":"assistant","content":"","thinking":"hm"},"done":false})"
       "\n",
       R"({"message":{"role":"assistant","content":"","tool_calls":[{"function":{"name":"f","arguments":{"a":1}}}]},"done":false})"
       "\n",
       kEnd}));
  CHECK(sample.reasoning == "hm");
  CHECK(dump_json(sample.tool_calls) == R"([{"id":"","name":"f","arguments":"{\"a\":1}"}])");
  CHECK(sample.timeline.payload_events == 2);
  const Sample whole = one(
      answer(200, R"({"model":"t","message":{"role":"assistant","content":"hi"},"done":true,"eval_count":1})"),
      ", stream: false");
  CHECK(whole.text == "hi");
  CHECK(whole.finish_reason == "stop");
  CHECK_FALSE(whole.server.queue_ms);
}

TEST_CASE("ollama: what goes wrong has its class") {
  struct Row {
    const char* why;
    Reply reply;
    ErrorClass kind;
  };
  const Row rows[] = {
      {"an error in mid-stream", lines({says("a"), "{\"error\":\"out of memory\"}\n"}), ErrorClass::error_in_stream},
      {"no last line", lines({says("a")}), ErrorClass::truncated},
      {"no JSON", lines({"nonsense\n"}), ErrorClass::bad_json},
      {"no model of that name", answer(404, R"({"error":"model 'tiny' not found"})"), ErrorClass::not_found},
      {"a full queue", answer(503, R"({"error":"server busy"})"), ErrorClass::overloaded},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    const Sample sample = one(row.reply);
    CAPTURE(sample.error.message);
    CHECK(sample.error.kind == row.kind);
  }
}

TEST_CASE("ollama: parameters are options under its names") {
  LoopbackServer server([&](const Received&) { return lines({says("a"), kEnd}); });
  EventLoop loop;
  const auto model = model_from(
      yaml(server, ", parameters: {max_tokens: 7, temperature: 0.5, seed: 3, ignore_eos: true, keep_alive: 5m}"),
      loop);
  ask_once(*model, loop);
  const std::vector<Received> log = server.log();
  REQUIRE(log.size() == 1);
  CHECK(log[0].path == "/api/chat");
  const Result<Value> body = parse_json(log[0].body, "body");
  REQUIRE(body);
  CHECK(find_path(*body, "/options/num_predict")->number() == 7);
  CHECK(find_path(*body, "/options/temperature")->number() == 0.5);
  CHECK(find_path(*body, "/options/seed")->number() == 3);
  CHECK(find_path(*body, "/options/ignore_eos") == nullptr);
  CHECK(*find_path(*body, "/keep_alive")->string() == "5m");
  CHECK(*find_path(*body, "/messages/0/content")->string() == "hello?");
}
