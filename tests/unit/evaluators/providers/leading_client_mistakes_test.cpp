// What servers do, legally, and the leading benchmark client gets wrong: one case of each. True
// numbers of the script: first token after 40 ms, then 10 ms a token.
#include <doctest/doctest.h>

#include "tests/support/asking.h"
#include "tests/support/loopback_server.h"

using namespace llmops;
using namespace llmops::test;
using namespace std::chrono_literals;

namespace {

Sample ask(const Reply& reply) {
  LoopbackServer server([&](const Received&) { return reply; });
  EventLoop loop;
  const auto model =
      model_from("{provider: openai, base_url: '" + server.url() + "/v1', name: tiny}", loop);
  return ask_once(*model, loop).sample;
}

ChatStream chat_of(std::size_t tokens) {
  ChatStream chat;
  for (std::size_t i = 0; i < tokens; ++i) chat.tokens.push_back(i % 2 == 0 ? "ab" : " c");
  chat.before_first = 40ms;
  chat.gap = 10ms;
  return chat;
}

// From the first payload to the last, as it was measured: a busy machine stretches it.
double generating_ms(const Sample& sample) {
  return std::chrono::duration<double, std::milli>(*sample.timeline.last_token -
                                                   *sample.timeline.first_token)
      .count();
}

std::string in_bytes(const Steps& pieces, std::string_view line_end, std::string_view after_colon) {
  std::string text;
  for (const Step& piece : pieces) {
    std::string event = piece.bytes;
    event.replace(0, 6, "data:" + std::string(after_colon));
    event.replace(event.size() - 2, 2, std::string(line_end) + std::string(line_end));
    text += event;
  }
  return text;
}

}  // namespace

TEST_CASE("mistakes: a role chunk is no first token") {
  const Sample sample = ask(chat_stream(chat_of(3)));
  REQUIRE(sample.timing.ttft_ms);
  CHECK(*sample.timing.ttft_ms >= 40.0);
}

TEST_CASE("mistakes: role and finish chunks are no gaps") {
  const Sample sample = ask(chat_stream(chat_of(6)));
  CHECK(sample.timeline.payload_events == 6);
  REQUIRE(sample.timing.itl_ms);
  CHECK(*sample.timing.itl_ms == doctest::Approx(generating_ms(sample) / 5));
}

TEST_CASE("mistakes: an event is no token") {
  ChatStream chat = chat_of(16);
  chat.tokens_per_event = 4;
  chat.gap = 40ms;
  const Sample sample = ask(chat_stream(chat));
  CHECK(sample.timeline.payload_events == 4);
  REQUIRE(sample.timing.itl_ms);
  // Three gaps brought 12 tokens.
  CHECK(*sample.timing.itl_ms == doctest::Approx(generating_ms(sample) / 12));
  CHECK(*sample.timing.tpot_ms == doctest::Approx(generating_ms(sample) / 12));
}

TEST_CASE("mistakes: usage on the finish chunk is read") {
  std::string finish = finish_event("stop");
  finish.insert(finish.rfind('}'), R"(,"usage":{"prompt_tokens":11,"completion_tokens":22})");
  const Sample sample = ask(stream({{text_event("a")}, {finish}, {std::string(kDoneEvent)}}));
  CHECK(sample.error.message == "");
  CHECK(sample.usage.input == 11);
  CHECK(sample.usage.output == 22);
}

TEST_CASE("mistakes: an error in mid-stream is no success") {
  const Sample sample =
      ask(stream({{text_event("a")},
                  {"data: {\"error\":{\"message\":\"engine died\",\"code\":500}}\n\n"},
                  {std::string(kDoneEvent)}}));
  CHECK(name(sample.error.kind) == "error_in_stream");
  CHECK(sample.error.message == "error in the answer: engine died");
}

TEST_CASE("mistakes: CRLF, CR, and `data:` without a blank") {
  ChatStream chat = chat_of(3);
  chat.before_first = chat.gap = 0ns;
  for (const char* line_end : {"\n", "\r\n", "\r"}) {
    for (const char* after_colon : {"", " "}) {
      CAPTURE(line_end);
      CAPTURE(after_colon);
      const Sample sample = ask(stream({{in_bytes(chat_pieces(chat), line_end, after_colon)}}));
      CHECK(sample.error.message == "");
      CHECK(sample.text == "ab cab");
      CHECK(sample.usage.output == 3);
    }
  }
}

TEST_CASE("mistakes: characters and JSON strings split between two reads") {
  const std::string event = text_event("Grüße 🙂 \"x\"\n") + finish_event() + std::string(kDoneEvent);
  for (const std::size_t piece : {1U, 3U, 50U}) {
    std::vector<Step> pieces;
    for (std::size_t at = 0; at < event.size(); at += piece)
      pieces.push_back({event.substr(at, piece), 10us});
    CHECK(ask(stream(pieces)).text == "Grüße 🙂 \"x\"\n");
  }
}

TEST_CASE("servers: usage in every shape") {
  const auto with = [](std::string_view usage) {
    std::string event = text_event("x");
    event.insert(event.rfind('}'), ",\"usage\":" + std::string(usage));
    return event;
  };
  struct Row {
    const char* why;
    std::vector<Step> pieces;
    std::optional<std::int64_t> input, output, cached, reasoning;
  };
  const Row rows[] = {
      {"null on every chunk, then the real one",
       {{with("null")}, {with("null")}, {finish_event()}, {usage_event(9, 4, 2)}},
       9, 4, 2, std::nullopt},
      {"cumulative on every chunk",
       {{with(R"({"prompt_tokens":5,"completion_tokens":3})")},
        {with(R"({"prompt_tokens":5,"completion_tokens":8})")},
        {finish_event()}},
       5, 8, std::nullopt, std::nullopt},
      {"zeros, then the real one",
       {{with(R"({"prompt_tokens":0,"completion_tokens":0})")},
        {finish_event()},
        {usage_event(5, 2)}},
       5, 2, 0, std::nullopt},
      {"the real one, then zeros",
       {{with("null")}, {usage_event(5, 2)}, {finish_event()}, {usage_event(0, 0)}},
       5, 2, 0, std::nullopt},
      {"reasoning tokens",
       {{with(R"({"prompt_tokens":1,"completion_tokens":9,"completion_tokens_details":{"reasoning_tokens":6}})")},
        {finish_event()}},
       1, 9, std::nullopt, 6},
      {"llama.cpp's timings alone",
       {{text_event("a")},
        {"data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],"
         "\"timings\":{\"cache_n\":17,\"prompt_n\":1,\"predicted_n\":4}}\n\n"}},
       18, 4, 17, std::nullopt},
      {"none", {{text_event("a")}, {finish_event()}}, {}, {}, {}, {}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    std::vector<Step> pieces = row.pieces;
    pieces.push_back({std::string(kDoneEvent)});
    const Sample sample = ask(stream(pieces));
    CHECK(sample.error.message == "");
    CHECK(sample.usage.input == row.input);
    CHECK(sample.usage.output == row.output);
    CHECK(sample.usage.cached == row.cached);
    CHECK(sample.usage.reasoning == row.reasoning);
  }
}

TEST_CASE("servers: tokens of an event, where they tell") {
  const auto event = [](int completion) {
    std::string text = text_event("x y z");
    text.insert(text.rfind('}'), ",\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":" +
                                     std::to_string(completion) + "}");
    return text;
  };
  // The first event held 8 of 10 tokens: 2 came in 20 ms.
  const Sample sample = ask(stream({{event(8)}, {event(9), 10ms}, {event(10), 10ms}, {finish_event()}}));
  CHECK(sample.timeline.first_tokens == 8);
  REQUIRE(sample.timing.tpot_ms);
  CHECK(*sample.timing.tpot_ms == doctest::Approx(generating_ms(sample) / 2));
}

TEST_CASE("servers: contents in every shape") {
  const auto delta = [](std::string_view inside) {
    return Step{"data: {\"choices\":[{\"index\":0,\"delta\":" + std::string(inside) + "}]}\n\n"};
  };
  struct Row {
    const char* why;
    std::vector<Step> pieces;
    const char* text;
    const char* reasoning;
    std::int64_t payload_events;
  };
  const Row rows[] = {
      {"empty, null, missing", {delta(R"({"content":""})"), delta(R"({"content":null})"), delta("{}"), {text_event("a")}},
       "a", "", 1},
      {"a list of parts", {delta(R"({"content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]})")}, "ab", "", 1},
      {"reasoning_content", {delta(R"({"reasoning_content":"hm"})"), {text_event("a")}}, "a", "hm", 2},
      {"reasoning", {delta(R"({"reasoning":"hm"})"), {text_event("a")}}, "a", "hm", 2},
      {"refusal", {delta(R"({"refusal":"I cannot"})")}, "I cannot", "", 1},
      {"Azure's frames", {{"data: {\"choices\":[],\"prompt_filter_results\":[{}]}\n\n"}, {text_event("a")},
                          {"data: {\"choices\":[{\"index\":0,\"finish_reason\":null,\"content_filter_offsets\":{}}]}\n\n"}},
       "a", "", 1},
      {"comments and empty events", {{": OPENROUTER PROCESSING\n\n"}, {text_event("a")}, {"\n\n"}}, "a", "", 1},
      {"other choices", {{text_event("a")}, {"data: {\"choices\":[{\"index\":1,\"delta\":{\"content\":\"zzz\"}}]}\n\n"}},
       "a", "", 1},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    std::vector<Step> pieces = row.pieces;
    pieces.push_back({finish_event()});
    const Sample sample = ask(stream(pieces));  // without [DONE]: the finish reason is enough
    CHECK(sample.error.message == "");
    CHECK(sample.text == row.text);
    CHECK(sample.reasoning == row.reasoning);
    CHECK(sample.timeline.payload_events == row.payload_events);
  }
}

TEST_CASE("servers: tool calls come together, log-probabilities are kept") {
  const auto delta = [](std::string_view inside) {
    return Step{"data: {\"choices\":[{\"index\":0," + std::string(inside) + "}]}\n\n"};
  };
  const Sample sample = ask(stream(
      {delta(R"("delta":{"tool_calls":[{"index":0,"id":"c1","function":{"name":"get_weather","arguments":"{"}}]})"),
       delta(R"("delta":{"tool_calls":[{"index":0,"function":{"arguments":"\"city\":1}"}}]})"),
       delta(R"("delta":{"tool_calls":[{"index":1,"id":"c2","function":{"name":"f","arguments":""}}]})"),
       delta(R"("delta":{"content":"a"},"logprobs":{"content":[{"token":"a","logprob":-0.5}]})"),
       {finish_event("tool_calls")}, {std::string(kDoneEvent)}}));
  CHECK(sample.error.message == "");
  REQUIRE(sample.tool_calls.list() != nullptr);
  REQUIRE(sample.tool_calls.list()->size() == 2);
  const Value& call = (*sample.tool_calls.list())[0];
  CHECK(to_text(*call.find("id")) == "c1");
  CHECK(to_text(*call.find("name")) == "get_weather");
  CHECK(to_text(*call.find("arguments")) == "{\"city\":1}");
  REQUIRE(sample.logprobs.list() != nullptr);
  CHECK(sample.logprobs.list()->size() == 1);
}

TEST_CASE("servers: a body that stays open behind [DONE] is complete all the same") {
  const Sample sample = ask(stream({{text_event("a")}, {finish_event()}, {std::string(kDoneEvent)},
                                    {"", 0ns, Step::Action::stall}}));
  CHECK(sample.error.message == "");
  CHECK(sample.text == "a");
  CHECK(*sample.timing.latency_ms < 200.0);  // the answer's own end, not that of our patience
}
