// What servers' refusals mean, each as its server words it.
#include "evaluators/providers/http_faults.h"

#include <doctest/doctest.h>

using namespace llmops;
using namespace std::chrono_literals;

namespace {

HttpHead head_of(int status, std::string_view lines = "") {
  HttpHead head;
  head.status = status;
  head.add(lines);
  return head;
}

constexpr std::string_view kGeminiMinute =
    R"([{"error":{"code":429,"message":"You exceeded your current quota, please check your plan and )"
    R"(billing details.","status":"RESOURCE_EXHAUSTED","details":[{"@type":)"
    R"("type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaId":)"
    R"("GenerateRequestsPerMinutePerProjectPerModel-FreeTier"}]},{"@type":)"
    R"("type.googleapis.com/google.rpc.RetryInfo","retryDelay":"32s"}]}}])";
constexpr std::string_view kGeminiDay =
    R"({"error":{"code":429,"message":"You exceeded your current quota","status":"RESOURCE_EXHAUSTED",)"
    R"("details":[{"violations":[{"quotaId":"GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]}]}})";
constexpr std::string_view kAnthropicRate =
    R"({"type":"error","error":{"type":"rate_limit_error","message":"too fast"},"request_id":"req_1"})";

}  // namespace

TEST_CASE("http faults: what ends a run and what a retry mends, in each server's words") {
  struct Row {
    const char* why;
    int status;
    std::string_view headers, body;
    ErrorClass kind;
  };
  const Row rows[] = {
      {"OpenAI: rate",                                             429, "",                   R"({"error":{"message":"slow","code":"rate_limit_exceeded"}})",
       ErrorClass::rate_limited                                                                                                                                                         },
      {"OpenAI: nothing left",                                     429, "",
       R"({"error":{"message":"You exceeded your current quota","code":"insufficient_quota"}})",                                                              ErrorClass::quota         },
      {"Gemini: the quota of a minute, in the words of the other", 429, "",                   kGeminiMinute,
       ErrorClass::rate_limited                                                                                                                                                         },
      {"Gemini: the quota of the day",                             429, "",                   kGeminiDay,                                                     ErrorClass::quota         },
      {"Gemini: busy",                                             503, "",                   R"([{"error":{"code":503,"status":"UNAVAILABLE"}}])",
       ErrorClass::overloaded                                                                                                                                                           },
      {"Anthropic: rate",                                          429, "retry-after: 3\r\n", kAnthropicRate,                                                 ErrorClass::rate_limited  },
      {"Anthropic: spending cap, no time to come back",            429, "",                   kAnthropicRate,                                                 ErrorClass::quota         },
      {"Anthropic's shape from another server",                    429, "",
       R"({"type":"error","error":{"type":"rate_limit_error","message":"slow"}})",                                                                            ErrorClass::rate_limited  },
      {"Anthropic: workspace limit",                               400, "",
       R"({"type":"error","error":{"type":"invalid_request_error","message":"You have reached your )"
       R"(specified API usage limits. You will regain access on 2026-01-01."}})",                                                                             ErrorClass::quota         },
      {"Anthropic: overloaded",                                    529, "",
       R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})",                                                                      ErrorClass::overloaded    },
      {"Azure: the code is a text",                                429, "",                   R"({"error":{"code":"429","message":"wait"}})",
       ErrorClass::rate_limited                                                                                                                                                         },
      {"Azure: its filter",                                        400, "",
       R"({"error":{"code":"content_filter","message":"filtered","status":400}})",                                                                            ErrorClass::content_filter},
      {"Ollama: the queue is full",                                503, "",                   R"({"error":{"message":"server busy"}})",
       ErrorClass::overloaded                                                                                                                                                           },
      {"TGI: overloaded",                                          429, "",                   R"({"error":"Model is overloaded","error_type":"overloaded"})",
       ErrorClass::rate_limited                                                                                                                                                         },
      {"TGI: generation failed",                                   424, "",                   R"({"error":"oom","error_type":"generation"})",
       ErrorClass::server_error                                                                                                                                                         },
      {"vLLM: too long",                                           400, "",
       R"({"object":"error","message":"This model's maximum context length is 4096 tokens",)"
       R"("type":"BadRequestError","code":400})",                                                                                                             ErrorClass::too_long      },
      {"llama.cpp: bad JSON is a 500",                             500, "",
       R"({"error":{"code":500,"message":"parse error","type":"server_error"}})",                                                                             ErrorClass::server_error  },
      {"llama.cpp: not offered",                                   501, "",
       R"({"error":{"code":501,"message":"off","type":"not_supported_error"}})",                                                                              ErrorClass::not_found     },
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    CHECK(name(http_fault(head_of(row.status, row.headers), row.body).kind) == name(row.kind));
  }
}

TEST_CASE("http faults: Gemini's retryDelay is a time to come back, a header goes before it") {
  const auto now = std::chrono::system_clock::now();
  CHECK(retry_after(head_of(429), kGeminiMinute, now) == std::chrono::nanoseconds(32s));
  CHECK(retry_after(head_of(429, "retry-after: 2\r\n"), kGeminiMinute, now) ==
        std::chrono::nanoseconds(2s));
  CHECK_FALSE(retry_after(head_of(429), kGeminiDay, now).has_value());
  CHECK_FALSE(retry_after(head_of(429), R"({"retryDelay":"32s")", now).has_value());
}
