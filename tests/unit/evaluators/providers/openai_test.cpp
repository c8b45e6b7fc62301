#include <doctest/doctest.h>

#include <cstdlib>

#include "datasets/text/json.h"
#include "tests/support/asking.h"
#include "tests/support/loopback_server.h"

using namespace llmops;
using namespace llmops::test;
using namespace std::chrono_literals;

namespace {

std::string yaml(const LoopbackServer& server, std::string_view more = "") {
  return "{provider: openai, base_url: '" + server.url() + "/v1', name: tiny" + std::string(more) +
         "}";
}

// One attempt against a server that always answers `reply`.
Sample one(const Reply& reply, std::string_view more = "") {
  LoopbackServer server([&](const Received&) { return reply; });
  EventLoop loop;
  const auto model = model_from(yaml(server, more), loop);
  return ask_once(*model, loop).sample;
}

}  // namespace

TEST_CASE("openai: what is asked") {
  ::setenv("LLMOPS_TEST_KEY", "sk-very-secret", 1);
  LoopbackServer server([](const Received& request) { return chat_reply(request, "fine"); });
  EventLoop loop;
  const auto model = model_from(yaml(server,
                                     ", api_key_env: LLMOPS_TEST_KEY, headers: {X-Team: blue}, "
                                     "query: {api-version: '2024 10'}, "
                                     "parameters: {temperature: 0.5, max_tokens: 9}"),
                                loop);
  CHECK(dump_json(model->spec.identity).find("secret") == std::string::npos);
  CHECK(ask_once(*model, loop, "how are \"you\"?").sample.text == "fine");
  const Received got = server.log().at(0);
  CHECK(got.path == "/v1/chat/completions?api-version=2024%2010");
  CHECK(got.header("authorization") == "Bearer sk-very-secret");
  CHECK(got.header("x-team") == "blue");
  CHECK(got.header("expect") == "");
  CHECK(
      got.body ==
      R"({"model":"tiny","messages":[{"role":"user","content":"how are \"you\"?"}],)"
      R"("stream_options":{"include_usage":true},"temperature":0.5,"max_tokens":9,"stream":true})");
}

TEST_CASE("openai: samples of a case are asked with seeds of their own, one call asks for one") {
  LoopbackServer server([](const Received& request) { return chat_reply(request, "fine"); });
  EventLoop loop;
  const auto model = model_from(yaml(server, ", parameters: {seed: 40, top_p: 1}"), loop);
  ask_all({question("a", "x", 0), question("a", "x", 2)}, *model, loop);
  CHECK(server.log().at(0).body.find(R"("seed":40,)") != std::string::npos);
  CHECK(server.log().at(1).body.find(R"("seed":42,)") != std::string::npos);
  const auto several = model_from(yaml(server, ", parameters: {n: 3}"), loop);
  CHECK(several->spec.samples_per_call == 3);
  CHECK(ask_once(*several, loop).sample.text == "fine");
  CHECK(server.log().at(2).body.find("\"n\"") ==
        std::string::npos);  // it may bring 3, one is wanted
  for (const char* n : {"0", "2.5", "many", "129"})
    CHECK(model_problems(yaml(server, ", parameters: {n: " + std::string(n) + "}"))
              .find("expected a whole number from 1 to 128") != std::string::npos);
  // A prompt does not know how often it is asked.
  auto prompt = std::make_shared<Prompt>();
  prompt->parameters.add("n", 3);
  auto asked = std::make_shared<Request>(*question("a", "x"));
  asked->prompt = prompt;
  CHECK(ask_all({asked}, *model, loop).at(0).error.message ==
        "`n` of the prompt asks for several answers at once; write `samples:` in the suite; with "
        "`n` under the model's `parameters` one request brings several of them");
}

TEST_CASE("openai: an answer that the server gave up is none") {
  for (const char* reason : {"abort", "error"}) {
    const Sample sample =
        one(stream({{text_event("half an")}, {finish_event(reason)}, {std::string(kDoneEvent)}}));
    CHECK(name(sample.error.kind) == "error_in_stream");
  }
}

TEST_CASE("openai: a stream comes together") {
  ChatStream chat;
  chat.tokens = {"Gr", "\xC3\xBC\xC3\x9F", "e", " \xF0\x9F\x99\x82"};
  const Sample sample = one(chat_stream(chat));
  CHECK(sample.error.message == "");
  CHECK(sample.text == "Grüße 🙂");
  CHECK(sample.finish_reason == "stop");
  CHECK(sample.model == "tiny");
  CHECK(sample.usage.input == 7);
  CHECK(sample.usage.output == 4);
  CHECK(sample.timeline.payload_events == 4);
  REQUIRE(sample.timeline.sent);
  CHECK(*sample.timeline.sent >= *sample.timeline.scheduled);
  CHECK(*sample.timeline.headers >= *sample.timeline.sent);
  CHECK(*sample.timeline.first_token >= *sample.timeline.headers);
  CHECK(*sample.timeline.end >= *sample.timeline.last_token);
}

TEST_CASE("openai: without stream") {
  const Sample sample = one(chat_answer("fine", 5, 2), ", stream: false");
  CHECK(sample.error.message == "");
  CHECK(sample.text == "fine");
  CHECK(sample.usage.input == 5);
  CHECK(sample.usage.output == 2);
  CHECK(sample.timing.latency_ms.has_value());
  CHECK_FALSE(sample.timing.ttft_ms.has_value());
}

TEST_CASE("openai: a server that knows no streaming is understood") {
  CHECK(one(chat_answer("fine")).text == "fine");
}

TEST_CASE("openai: every fault has its class") {
  const std::string text = text_event("half an");
  struct Row {
    const char* why;
    Reply reply;
    ErrorClass kind;
    const char* message;
  };
  const auto cut = [&](Step::Action action) {
    return stream({
        {role_event()},
        { text   },
        {   "", 0ns, action}
    });
  };
  const Row rows[] = {
      {"bad request",
       answer(400,                                                                                                                               R"({"error":{"message":"no messages","type":"invalid_request_error"}})"),
       ErrorClass::bad_request,"HTTP 400: no messages"},
      {"old vLLM shape",
       answer(
           400,                                                                                                                       R"({"object":"error","message":"bad temperature","type":"BadRequestError","code":400})"),
       ErrorClass::bad_request,"HTTP 400: bad temperature"},
      {"TGI shape",                                                      answer(422,                                                                                                           R"({"error":"Input validation error","error_type":"validation"})"),
       ErrorClass::bad_request,                                                                                                             "HTTP 422: Input validation error"},
      {"key",                                                           answer(401,                                                                              R"({"error":{"message":"Incorrect API key","code":"invalid_api_key"}})"),
       ErrorClass::auth,"HTTP 401: Incorrect API key"},
      {"forbidden",         answer(403,                                                                                                                         "no"),                                                                                                                                                                                                                                           ErrorClass::auth,                                                                                                                               "HTTP 403: no"},
      {"paid out",                                                               answer(402,""),ErrorClass::quota,"HTTP 402"},
      {"no model",                                                                        answer(404,                                                     R"({"error":{"message":"The model `x` does not exist"}})"),
       ErrorClass::not_found, "HTTP 404: The model `x` does not exist"},
      {"too long",
       answer(400,
       R"({"error":{"code":400,"message":"too big","type":"exceed_context_size_error"}})"),
       ErrorClass::too_long,"HTTP 400: too big"},
      {"too long by words",
       answer(400,                                                                                              R"({"error":{"message":"This model's maximum context length is 8192 tokens"}})"),
       ErrorClass::too_long,"HTTP 400: This model's maximum context length is 8192 tokens"},
      {"filter",                                                              answer(400,                                                                                                R"({"error":{"code":"content_filter","message":"filtered"}})"),
       ErrorClass::content_filter,                                                                                                                                                 "HTTP 400: filtered"},
      {"rate", answer(429,                                                                                                                     R"({"error":{"message":"slow down","code":"rate_limit_exceeded"}})"),
       ErrorClass::rate_limited,"HTTP 429: slow down"},
      {"quota",
       answer(
           429,R"({"error":{"message":"You exceeded your current quota","code":"insufficient_quota"}})"),
       ErrorClass::quota,"HTTP 429: You exceeded your current quota"},
      {"Gemini's list",
       answer(429,
       R"([{"error":{"code":429,"message":"exhausted","status":"RESOURCE_EXHAUSTED"}}])"),
       ErrorClass::rate_limited,"HTTP 429: exhausted"},
      {"conflict",                                                                                 answer(409,                                                                                                                                ""),                                                                                                                                                                                                                                                                                   ErrorClass::conflict,"HTTP 409"},
      {"too early",                                      answer(425,                                                                                           ""),                                                                                                                                                                                                                            ErrorClass::conflict,"HTTP 425"},
      {"request timeout",                                                          answer(408,                                                                                          ""),                                                                                                                                                                                                                                         ErrorClass::server_error,"HTTP 408"},
      {"crash",                                                                              answer(500,"<html>oops</html>",{},"text/html"), ErrorClass::server_error,
       "HTTP 500: an HTML page"},
      {"loading",                                  answer(503,R"({"error":{"message":"Loading model"}})"),ErrorClass::overloaded,
       "HTTP 503: Loading model"},
      {"overloaded",
       answer(529,
       R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})"),
       ErrorClass::overloaded,"HTTP 529: Overloaded"},
      {"redirect",                                                                                 answer(301,                                                                                                                                "",                                                                                                                                                                                        {"Location: http://elsewhere/"}),ErrorClass::other,
       "HTTP 301: the server redirects to http://elsewhere/; set `base_url` to where it answers"},
      {"HTML page",                                                                     answer(200,                                                                                                  "<html>login</html>",                                                                                                                                                                                                                                                                  {},"text/html"),
       ErrorClass::wrong_content_type, "the answer is `text/html`, not JSON or an event stream"},
      {"nonsense text",                                      answer(200,                                                       "hello",                                                                                                                                                                                                                                                                                       {},"text/plain"), ErrorClass::wrong_content_type,
       "the answer is `text/plain`, not JSON or an event stream"},
      {"bad JSON document",                                                                      answer(200,                                                                                                                               "{\"choices\":["),                                                                                                                                                                                                         ErrorClass::bad_json,nullptr},
      {"bad JSON event",                                                                                 stream({{text}, {"data: {nope\n\n"}}),                                                                                                                             ErrorClass::bad_json,                                                                                                                                                                                  nullptr},
      {"no choices",                                                                answer(200,                                                R"({"choices":[]})"),                                                                                                                                                                                               ErrorClass::empty_choices,
       "the answer is empty"},
      {"stream of nothing",                                                             stream({{usage_event(1, 0)}, {std::string(kDoneEvent)}}),
       ErrorClass::empty_choices,"the answer is empty"},
      {"a role and nothing else",                                                                                 stream({{role_event()}, {std::string(kDoneEvent)}}),
       ErrorClass::empty_choices,                                                                                                                                                                                                                        "the answer is empty"},
      {"empty body",                                                                    answer(200,                                                                                           ""),                                                                                                                                                                                                                                 ErrorClass::empty_choices,"the answer has no body"},
      {"error in the stream",
       stream({{role_event()},
               {text},
               {"data: {\"error\":{\"code\":500,\"message\":\"does not "
                "match\",\"type\":\"server_error\"}}\n\n"},
               {std::string(kDoneEvent)}}),
       ErrorClass::error_in_stream,"error in the answer: does not match"},
      {"error in a document",                                                                  answer(200,  R"({"error":{"message":"boom"}})"),
       ErrorClass::error_in_stream,"error in the answer: boom"},
      {"no finish reason",                                                                      stream({{role_event()}, {text}}),                                                  ErrorClass::truncated,
       "the stream ended without a finish reason"},
      {"cut in the body",                                                                                 cut(Step::Action::close),                                                                                                                    ErrorClass::truncated,                                                                                                                                               nullptr},
      {"reset in the body",                                                                                 cut(Step::Action::reset),                                                                                                              ErrorClass::reset,                                                                                                                          nullptr},
      {"closed without a word",                                                                                 nullptr,                                                                                                                           ErrorClass::reset,                                                                                                                                                                                             nullptr},
      {"no HTTP",
       std::make_shared<const Steps>(
           Steps{{"SSH-2.0-OpenSSH\r\n"}, {"", 0ns, Step::Action::close}}),
       ErrorClass::wrong_content_type,                                                                                                                                                                                                                                         nullptr},
      {"short document",
       std::make_shared<const Steps>(Steps{
           {"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"},
           {"", 0ns, Step::Action::close}}),
       ErrorClass::truncated,                                                                                                                                                                                                                                                                                                                                                                                                  nullptr                                                                                                                                                                                                                                                                                                                                                                                                                                                          },
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    const Sample sample = one(row.reply);
    CAPTURE(sample.error.message);
    CHECK(name(sample.error.kind) == name(row.kind));
    if (row.message != nullptr) CHECK(sample.error.message == row.message);
  }
}

TEST_CASE("openai: no server, no name, no TLS") {
  EventLoop loop;
  const auto https = [](const LoopbackServer& server, const char* connect) {
    return "{provider: openai, base_url: 'https://127.0.0.1:" + std::to_string(server.port()) +
           "/v1', name: t, timeout: {connect: " + connect + "}}";
  };
  LoopbackServer::Options options;
  options.greeting = "220 mail.example ESMTP\r\n";
  LoopbackServer mail([](const Received&) { return nullptr; }, options);
  const auto no_tls = model_from(https(mail, "20s"), loop);
  LoopbackServer silent([](const Received&) { return nullptr; });
  const auto no_handshake = model_from(https(silent, "100ms"), loop);
  CHECK(name(ask_once(*no_handshake, loop).sample.error.kind) == "timeout_connect");
  CHECK(name(ask_once(*no_tls, loop).sample.error.kind) == "tls");
  const auto nobody =
      model_from("{provider: openai, base_url: 'http://127.0.0.1:1/v1', name: t}", loop);
  CHECK(name(ask_once(*nobody, loop).sample.error.kind) == "connect");
  const auto nowhere =
      model_from("{provider: openai, base_url: 'http://no-such-host.invalid/v1', name: t}", loop);
  CHECK(name(ask_once(*nowhere, loop).sample.error.kind) == "resolve");
}

TEST_CASE("openai: each time-out ends the call") {
  const auto stall = [](const std::vector<Step>& before) {
    std::vector<Step> steps = before;
    steps.push_back({"", 0ns, Step::Action::stall});
    return stream(steps);
  };
  const Reply silent = std::make_shared<const Steps>(Steps{
      {"", 0ns, Step::Action::stall}
  });
  struct Row {
    const char* why;
    Reply reply;
    const char* timeout;
    ErrorClass kind;
  };
  const Row rows[] = {
      {"says nothing",         silent,                                     "{first_token: 50ms}",    ErrorClass::timeout_first_token},
      {"a role is no token",   stall({{role_event()}}),                    "{first_token: 50ms}",
       ErrorClass::timeout_first_token                                                                                              },
      {"stalls in the answer", stall({{role_event()}, {text_event("a")}}), "{between_tokens: 50ms}",
       ErrorClass::timeout_between_tokens                                                                                           },
      {"total",                silent,                                     "{total: 50ms}",          ErrorClass::timeout_total      },
      {"total, in the answer", stall({{text_event("a")}}),                 "{total: 50ms}",
       ErrorClass::timeout_total                                                                                                    },
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    CHECK(name(one(row.reply, std::string(", timeout: ") + row.timeout).error.kind) ==
          name(row.kind));
  }
  CHECK(name(one(silent, ", stream: false, timeout: {total: 50ms}").error.kind) == "timeout_total");
}

TEST_CASE("openai: retry-after in its forms") {
  struct Row {
    const char* header;
    std::optional<std::chrono::milliseconds> wait;
  };
  const Row rows[] = {
      {"Retry-After: 2",                                                         2s          },
      {"retry-after-ms: 250",                                                    250ms       },
      {"X-Other: 1",                                                             std::nullopt},
      {"x-ratelimit-remaining-requests: 0\r\nx-ratelimit-reset-requests: 1m30s", 90s         },
      {"x-ratelimit-remaining-tokens: 0\r\nx-ratelimit-reset-tokens: 20ms",      20ms        },
      {"x-ratelimit-remaining-tokens: 5\r\nx-ratelimit-reset-tokens: 20ms",      std::nullopt},
      {"Retry-After: Wed, 21 Oct 2015 07:28:00 GMT",                             0ms         },
  };
  for (const Row& row : rows) {
    CAPTURE(row.header);
    LoopbackServer server([&](const Received&) { return answer(429, "{}", {row.header}); });
    EventLoop loop;
    const auto model = model_from(yaml(server), loop);
    const Answer answer = ask_once(*model, loop);
    CHECK(answer.retry_after.has_value() == row.wait.has_value());
    if (row.wait) CHECK(answer.retry_after->count() == std::chrono::nanoseconds(*row.wait).count());
  }
}

TEST_CASE("openai: connections are used again") {
  LoopbackServer server([](const Received& request) { return chat_reply(request, "fine"); });
  EventLoop loop;
  const auto model = model_from(yaml(server, ", limits: {concurrency: 4}"), loop);
  std::vector<std::shared_ptr<const Request>> requests;
  for (int i = 0; i < 100; ++i) requests.push_back(question(std::to_string(i), "x"));
  CHECK(ask_all(requests, *model, loop).size() == 100);
  CHECK(server.connections() <= 4);
}

TEST_CASE("make_model: problems have a place and a cure") {
  ::unsetenv("LLMOPS_NO_SUCH_KEY");
  CHECK(model_problems("provider: opnai\nname: x\n") ==
        "llmops.yaml:1:11: error: `provider` is `opnai`\n"
        " 1 | provider: opnai\n"
        "   |           ^^^^^ expected one of: anthropic, exec, http, ollama, openai, replay\n"
        "  = help: did you mean `openai`?\n");
  CHECK(model_problems("provider: openai\nname: x\nbase_url: http://a/v1\napi_key_env: "
                       "LLMOPS_NO_SUCH_KEY\ntemprature: 1\n") ==
        "llmops.yaml:4:14: error: the environment variable `LLMOPS_NO_SUCH_KEY` is not set\n"
        " 4 | api_key_env: LLMOPS_NO_SUCH_KEY\n"
        "   |              ^^^^^^^^^^^^^^^^^^ expected the API key in it\n"
        "  = help: export LLMOPS_NO_SUCH_KEY=..., or leave `api_key_env` out for a server that "
        "wants no key\n"
        "llmops.yaml:5:1: error: unknown key `temprature`\n"
        " 5 | temprature: 1\n"
        "   | ^^^^^^^^^^ expected one of: api_key_env, api_key_header, base_url, fallback, "
        "headers, hedge, "
        "limits, name, parameters, price, provider, query, record, retries, stream, timeout\n");
  CHECK(model_problems("{provider: openai, base_url: 'ftp://x', name: x}")
            .find("expected an http:// or https:// URL") != std::string::npos);
}
