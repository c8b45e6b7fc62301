// What an application under test did on its way (calls, steps, passages) reaches the sample.
#include <doctest/doctest.h>

#include "datasets/text/json.h"
#include "tests/support/asking.h"
#include "tests/support/loopback_server.h"
#include "tests/support/reference.h"

using namespace llmops;
using namespace llmops::test;

namespace {

constexpr const char* kAnswer =
    R"({"text":"yes","tool_calls":[{"name":"f","arguments":{"a":1}}],"steps":["think","f"],)"
    R"("context":["one",{"text":"two","score":0.5},{"page_content":"three"},{"n":4}]})";

void check_agent(const Sample& sample) {
  CHECK(sample.error.message == "");
  CHECK(sample.text == "yes");
  CHECK(dump_json(sample.tool_calls) == R"([{"name":"f","arguments":{"a":1}}])");
  CHECK(dump_json(sample.steps) == R"(["think","f"])");
  CHECK(sample.context == std::vector<std::string>{"one", "two", "three", R"({"n":4})"});
}

}  // namespace

TEST_CASE("agents: exec hands calls, steps and passages on") {
  const TemporaryFolder folder;
  folder.write("answer.json", std::string(kAnswer) + "\n");
  folder.write("calls.json", "{\"tool_calls\":[{\"name\":\"f\"}]}\n");
  EventLoop loop;
  const auto whole = model_from("{provider: exec, command: [sh, -c, 'read q; cat answer.json']}",
                                loop, folder.path());
  check_agent(ask_once(*whole, loop).sample);
  // An agent that only calls tools says nothing.
  const auto silent = model_from("{provider: exec, command: [sh, -c, 'read q; cat calls.json']}",
                                 loop, folder.path());
  const Sample sample = ask_once(*silent, loop).sample;
  CHECK(sample.error.message == "");
  CHECK(sample.text == "");
  CHECK(sample.tool_calls.list()->size() == 1);
}

TEST_CASE("agents: replay and http read them by path") {
  const TemporaryFolder folder;
  folder.write("r.jsonl", R"({"question":"q","a":)" + std::string(kAnswer) + "}\n");
  EventLoop loop;
  const auto recorded = model_from(
      "{provider: replay, path: r.jsonl, match: question, output: a.text, tool_calls: "
      "a.tool_calls, steps: a.steps, context: /a/context}",
      loop, folder.path());
  check_agent(ask_all({question("1", "q")}, *recorded, loop)[0]);

  LoopbackServer server([](const Received&) { return answer(200, kAnswer); });
  const auto served =
      model_from("{provider: http, base_url: '" + server.url() +
                     "', request: {q: '{{ question }}'}, output: text, tool_calls: /tool_calls, "
                     "steps: steps, context: context}",
                 loop);
  check_agent(ask_once(*served, loop).sample);
}
