#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "datasets/text/json.h"
#include "tests/support/metric.h"
#include "tests/support/reference.h"

using namespace llmops;
using namespace llmops::test;

namespace {

// A program that gives the same answer to every line.
std::string always(const std::string& answer, const std::string& more = "") {
  return "{command: [sed, -u, 's/.*/" + answer + "/']" + more + "}";
}

}  // namespace

TEST_CASE("exec evaluator: every answer that a program can give") {
  struct Row {
    const char* why;
    std::string options;
    std::optional<double> score;
    const char* said;  // the note, or why it is unscored
  };
  const Row rows[] = {
      {"a score",                                          always(R"({"score":0.25})"),                0.25,                               ""                                                                                                                           },
      {"with its reason",                                  always(R"({"score":1,"reason":"polite"})"), 1.0,                                "polite"                                                                                                                     },
      {"true",                                             always(R"({"score":true})"),                1.0,                                ""                                                                                                                           },
      {"another range",                                    always(R"({"score":4})",                    ", range: [1, 5]"),                 4.0,                                                                                                                           ""},
      {"positive",                                                  always(R"({"score":1000})",                                                                                   ", kind: positive"),                                          1000.0,                                                                  ""},
      {"outside",                                                always(R"({"score":4})"),                                                                                          std::nullopt,
       "the program's score 4 is not in the range [0, 1]"                                                                                                        },
      {"half of pass/fail", always(R"({"score":0.5})",                                           ", kind: binary"),                                                           std::nullopt,
       "the program's score 0.5 is not 0 or 1"},
      {"no score, with a reason",                                      always(R"({"score":null,"reason":"no claim"})"),                                                        std::nullopt,
       "no claim"                                                                                                                                                                                              },
      {"no score",                                      always("{}"),                                                                                     std::nullopt,                                                                                                                       "the program gave no `score`"                                            },
      {"a text",                                      always(R"({"score":"good"})"),std::nullopt,
       "the program's `score` is a text, no number"},
      {"an error",                                      always(R"({"error":"no model"})"),                                                   std::nullopt,                                                                                     "the program says: no model"                                                                                                                                                                                                                                                    },
      {"a list",                                      always("[1]"),  std::nullopt,"the program's answer is not a JSON object"},
      {"nonsense",                                      always("nonsense"),                                    std::nullopt,                                                                                                                       nullptr                                                                                                                                                                                                                                                                                                                                                                                                                         },
      {"an early end",                                      "{command: [sh, -c, 'read line; echo broken >&2; exit 3']}",                                      std::nullopt,
       "the program failed: exit code 3: broken"},
      {"no end",                                      "{command: [sleep, '1000'], timeout: 100ms}",                                                      std::nullopt,
       "the program did not answer within 0.1 s (`timeout`)"                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                     },
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    const auto metric = make_metric("exec", row.options);
    const Measurement measured = measure(*metric, "an output");
    CHECK(measured.values.at(0) == row.score);
    if (row.said != nullptr) CHECK((row.score ? measured.note : measured.why) == row.said);
  }
}

TEST_CASE("exec evaluator: what the program is told") {
  const TemporaryFolder folder;
  const std::string told = (folder.path() / "told").string();
  const auto metric = make_metric(
      "exec", "{command: [sh, -c, 'read -r line; printf \"%s\\n\" \"$line\" > " + told +
                  "; echo \"{\\\"score\\\":1,\\\"answer\\\":\\\"42\\\"}\"'], workers: 1}");
  Case row;
  row.id = "c1";
  row.variables.add("question", "why?");
  row.references = {"because", "so"};
  row.context = {"a passage"};
  Sample sample;
  sample.number = 2;
  sample.text = "two\nlines";
  sample.finish_reason = "stop";
  sample.tool_calls = *parse_json(R"([{"name":"f"}])", "calls");
  CHECK(metric->score(row, sample).answer == "42");
  std::ifstream file(told);
  std::string line;
  std::getline(file, line);
  CHECK(*parse_json(line, "told") ==
        *parse_json(R"({"id":"c1","sample":2,"output":"two\nlines","reference":"because",)"
                    R"("references":["because","so"],"variables":{"question":"why?"},)"
                    R"("context":["a passage"],"tool_calls":[{"name":"f"}],)"
                    R"("finish_reason":"stop"})",
                    "wanted"));
}

TEST_CASE("exec evaluator: a batch keeps its order and its programs") {
  const TemporaryFolder folder;
  const std::string starts = (folder.path() / "starts").string();
  const auto metric =
      make_metric("exec", "{kind: positive, workers: 3, command: [sh, -c, 'echo x >> " + starts +
                              "; exec sed -u \"s/.*.id.:.\\([0-9]*\\).*/{\\\"score\\\":\\1}/\"']}");
  std::vector<Case> cases(50);
  std::vector<Sample> samples(50);
  std::vector<Scorable> batch;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    cases[i].id = std::to_string(i);
    batch.push_back({&cases[i], &samples[i]});
  }
  for (int round = 0; round < 2; ++round) {
    const std::vector<Measurement> measured = metric->score_batch(batch);
    REQUIRE(measured.size() == 50);
    for (std::size_t i = 0; i < measured.size(); ++i) {
      CAPTURE(measured[i].why);
      CHECK(measured[i].values.at(0) == static_cast<double>(i));
    }
  }
  std::ifstream file(starts);
  int started = 0;
  for (std::string line; std::getline(file, line);) ++started;
  CHECK(started <= 3);
}

TEST_CASE("exec evaluator: the signature holds the program, its options and its version") {
  const std::string plain = make_metric("exec", "{command: [sh, -c, x]}")->signature();
  CHECK(plain == "exec|command:sh -c x|kind:bounded|range:0,1|version:1");
  CHECK(make_metric("exec", "{command: [sh, -c, x], kind: positive, version: '2'}")->signature() ==
        "exec|command:sh -c x|kind:positive|range:0,inf|program:2|version:1");
  // Options of this test's folder: the current one.
  const std::string file = "exec_evaluator_test.sh";
  const auto signature = [&](const std::string& content) {
    std::ofstream(file) << content;
    const std::string made = make_metric("exec", "{command: 'sh " + file + "'}")->signature();
    std::filesystem::remove(file);
    return made;
  };
  const std::string first = signature("echo 1");
  CHECK(first.find("|" + file + ":") != std::string::npos);
  CHECK(first != signature("echo 2"));
}

TEST_CASE("exec evaluator: options that make no sense") {
  struct Row {
    const char* options;
    const char* says;
  };
  const Row rows[] = {
      {"{}",                                           "has no `command`"                              },
      {"{command: [/no/such/program]}",                "there is no program `/no/such/program`"        },
      {"{command: [no-such-program-anywhere]}",        "there is no program `no-such-program-anywhere`"},
      {"{command: [sh], range: [1, 0]}",               "`range` of `exec` is no range"                 },
      {"{command: [sh], kind: binary, range: [0, 5]}", "`exec` is binary"                              },
      {"{command: [sh], workers: 0}",                  "workers"                                       },
  };
  for (const Row& row : rows) {
    CAPTURE(row.options);
    const std::string problems = metric_problems("exec", row.options);
    CAPTURE(problems);
    CHECK(problems.find(row.says) != std::string::npos);
  }
}
