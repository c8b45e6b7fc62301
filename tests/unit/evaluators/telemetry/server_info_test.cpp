#include "evaluators/telemetry/server_info.h"

#include <doctest/doctest.h>

#include "datasets/text/json.h"
#include "evaluators/transport/event_loop.h"
#include "tests/support/loopback_server.h"

using namespace llmops;
using namespace llmops::test;

TEST_CASE("server info: each server's page in our words") {
  struct Row {
    const char* why;
    const char* page;
    const char* answer;
    const char* told;
  };
  const Row rows[] = {
      {"vLLM",                                  "/version",         R"({"version":"0.11.0"})",                                           R"({"version":"0.11.0"})"                                                    },
      {"SGLang, with what it was started with", "/get_server_info",
       R"({"model_path":"m","version":"0.5","tp_size":2,"quantization":"fp8","disable_radix_cache":true,"api_key":"secret"})",
       R"({"server":"sglang","version":"0.5","model":"m","quantization":"fp8","flags":{"tp_size":2,"disable_radix_cache":true}})"                                                                                     },
      {"TGI",                                   "/info",
       R"({"model_id":"m","version":"3.0","model_dtype":"torch.float16","max_concurrent_requests":128})",
       R"({"server":"tgi","version":"3.0","model":"m","dtype":"torch.float16","flags":{"max_concurrent_requests":128}})"                                                                                              },
      {"llama.cpp",                             "/props",
       R"({"build_info":"b10573","total_slots":4,"default_generation_settings":{"n_ctx":2048}})",                                        R"({"server":"llama.cpp","version":"b10573","max_model_len":2048,"slots":4})"},
      {"Ollama",                                "/api/version",     R"({"version":"0.6.2"})",
       R"({"server":"ollama","version":"0.6.2"})"                                                                                                                                                                     },
      {"Ollama, the model in memory",           "/api/ps",
       R"({"models":[{"name":"other:latest"},{"name":"tiny:latest","details":{"quantization_level":"Q4_K_M","parameter_size":"1B"}}]})",
       R"({"quantization":"Q4_K_M","parameters":"1B"})"                                                                                                                                                               },
      {"the list of models",                    "/models",
       R"({"data":[{"id":"tiny","owned_by":"vllm","root":"org/tiny","max_model_len":4096}]})",                                           R"({"server":"vllm","model":"org/tiny","max_model_len":4096})"               },
      {"another page under a known name",       "/info",            R"({"hello":1})",                                                    "{}"                                                                         },
      {"no object",                             "/props",           "[1,2]",                                                             "{}"                                                                         },
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    CHECK(dump_json(Value(read_server_page(row.page, *parse_json(row.answer, "t"), "tiny"))) ==
          row.told);
  }
  const std::string long_text(5000, 'x');
  const Object cut = read_server_page("/version",
                                      Object{
                                          {"version", long_text, {}}
  },
                                      "");
  CHECK(cut.find("version")->string()->size() == 200);
}

TEST_CASE("server info: asked of a server, what does not answer is left out") {
  LoopbackServer server([](const Received& request) -> Reply {
    if (request.path == "/version") return answer(200, R"({"version":"0.11.0"})");
    if (request.path == "/v1/models")
      return answer(200, R"({"data":[{"id":"tiny","owned_by":"vllm","max_model_len":4096}]})");
    if (request.path == "/props") return answer(200, "<html>");
    return answer(404, "{}");
  });
  EventLoop loop;
  const Object info = server_info(loop, server.url() + "/v1", "tiny", nullptr);
  CHECK(dump_json(Value(info)) == R"({"version":"0.11.0","server":"vllm","max_model_len":4096})");
  CHECK(server_info(loop, "http://127.0.0.1:1/v1", "tiny", nullptr).empty());
}
