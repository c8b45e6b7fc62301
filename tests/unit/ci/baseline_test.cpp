#include "ci/baseline.h"

#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

#include "tests/support/built_run.h"
#include "tests/support/golden.h"
#include "tests/support/reference.h"

using namespace llmops;
using test::BuiltRun;

namespace {

BuiltRun small_run(std::string id = "r1") {
  BuiltRun run({test::binary_measure("match"), test::positive_measure("output_tokens")},
               std::move(id));
  run.add("b",
          {
              1.0, 93.5
  })
      .tags = {{"lang", "de"}};
  CaseRow& failed = run.add("a", {std::nullopt, std::nullopt});
  failed.samples = 2;
  failed.failed = 2;
  CaseRow& row = run.add("ü \"x\"", {0.5, 1e-7});
  row.samples = 2;
  row.group = "g";
  row.output = "00ff";
  row.content = "cafe";
  row.variances = {0.5, std::nullopt};
  run.change_header().seed = 18446744073709551615ULL;
  return run;
}

std::string content(const std::filesystem::path& file) {
  std::ostringstream out;
  out << std::ifstream(file).rdbuf();
  return out.str();
}

std::string opened(const test::TemporaryFolder& folder, const std::string& text) {
  const auto file = folder.write("b.json", text);
  return test::shortened(render(open_baseline(file).problems()), file);
}

constexpr const char* kHead =
    "{\"schema_version\":1,\n\"evidence\":{\n},\n\"run\":{\"schema_version\":1,\"measures\":["
    "{\"name\":\"m\",\"kind\":\"bounded\",\"low\":0,\"high\":1}]},\n\"cases\":[\n";

}  // namespace

TEST_CASE("baseline: one case a line, sorted, the same numbers again") {
  const test::TemporaryFolder folder;
  const auto file = folder.path() / "deep" / "b.json";
  const BuiltRun run = small_run();
  write_baseline(run, file,
                 Object{
                     {"verdict", "pass"}
  });
  const std::string text = content(file);
  CHECK(text.find(
            "\"cases\":[\n"
            "{\"id\":\"a\",\"samples\":2,\"failed\":2,\"scores\":{}},\n"
            "{\"id\":\"b\",\"tags\":[[\"lang\",\"de\"]],\"scores\":{\"match\":1.0,\"output_"
            "tokens\":93.5}},\n"
            "{\"id\":\"ü "
            "\\\"x\\\"\",\"content\":\"cafe\",\"output\":\"00ff\",\"group\":\"g\",\"samples\":2,"
            "\"scores\":{\"match\":0.5,\"output_tokens\":1e-07},\"variances\":{\"match\":0.5}}\n"
            "]}\n") != std::string::npos);

  const auto opened = open_baseline(file);
  REQUIRE(opened);
  const RunSource& again = **opened;
  CHECK(again.header().seed == run.header().seed);
  CHECK(again.header().measures[1].range.high == run.header().measures[1].range.high);
  for (int pass = 0; pass < 2; ++pass) {  // rows come afresh each time
    const auto rows = again.rows();
    const auto expected = run.rows();
    CaseRow row, wanted;
    while (expected->next(wanted)) {
      REQUIRE(rows->next(row));
      CHECK(row.id == wanted.id);
      CHECK(row.values == wanted.values);
      CHECK(row.variances == wanted.variances);
      CHECK(row.samples == wanted.samples);
      CHECK(row.failed == wanted.failed);
      CHECK(row.group == wanted.group);
      CHECK(row.output == wanted.output);
      CHECK(row.content == wanted.content);
      CHECK(row.tags.size() == wanted.tags.size());
    }
    CHECK_FALSE(rows->next(row));
  }
  CHECK(*read_baseline_version(file)->evidence.find("verdict") == Value("pass"));
  write_baseline(again, folder.path() / "copy.json",
                 Object{
                     {"verdict", "pass"}
  });
  CHECK(content(folder.path() / "copy.json") == text);
}

TEST_CASE("baseline: earlier versions are kept and come back") {
  const test::TemporaryFolder folder;
  const auto file = folder.path() / "b.json";
  CHECK(render(rollback_baseline(file).problems()).find("there is no version before this one") !=
        std::string::npos);
  for (int i = 1; i <= 25; ++i) write_baseline(small_run("r" + std::to_string(i)), file, {});
  const auto history = baseline_history(file);
  REQUIRE(history.size() == 20);
  CHECK(history.front().header.id == "r24");
  CHECK(history.back().header.id == "r5");
  const auto back = rollback_baseline(file);
  REQUIRE(back);
  CHECK(back->header.id == "r24");
  CHECK((*open_baseline(file))->header().id == "r24");
  CHECK(baseline_history(file).front().header.id == "r23");
  CHECK(read_baseline_version(folder.path() / "b.json.history" / "rolled-back.json")->header.id ==
        "r25");
}

TEST_CASE("baseline: the same run accepted again is no version of its own") {
  const test::TemporaryFolder folder;
  const auto file = folder.path() / "b.json";
  for (const char* id : {"r1", "r1", "r2", "r2"}) write_baseline(small_run(id), file, {});
  const auto history = baseline_history(file);
  REQUIRE(history.size() == 1);
  CHECK(history.front().header.id == "r1");
}

// Files of every schema version that was ever written stay readable. A new version of the schema
// gets its own file here, and the step that brings this one up to date.
TEST_CASE("baseline: a file of schema version 1, and what a later program adds to it") {
  const auto file = test::repository("tests/golden/baselines/schema_1.json");
  const auto baseline = open_baseline(file);
  REQUIRE(baseline);
  CHECK((*baseline)->header().id == "20261121T045334-574cab66");
  CHECK((*baseline)->header().measures.size() == 15);
  const test::TemporaryFolder folder;
  std::string text = content(file);
  for (std::size_t at = 0; (at = text.find("{\"id\":\"", at)) != std::string::npos; at += 20)
    text.insert(at + 1, "\"added later\":[1],");
  text.insert(text.find("\"seed\""), "\"added later\":{\"a\":1},\n");
  const auto later = open_baseline(folder.write("b.json", text));
  CAPTURE(render(later.problems()));
  REQUIRE(later);
  CaseRow row, wanted;
  const auto rows = (*later)->rows(), expected = (*baseline)->rows();
  int cases = 0;
  for (; expected->next(wanted); ++cases) {
    REQUIRE(rows->next(row));
    CHECK(row.id == wanted.id);
    CHECK(row.values == wanted.values);
  }
  CHECK(cases == 30);
}

TEST_CASE("baseline: what a hand or a merge can break, with its place") {
  const test::TemporaryFolder folder;
  constexpr std::pair<const char*, const char*> kRows[] = {
      {"NaN",                    R"({"id":"a","scores":{"m":NaN}}]})"                                         },
      {"out of range",           R"({"id":"a","scores":{"m":1.5}}]})"                                         },
      {"null",                   R"({"id":"a","scores":{"m":null}}]})"                                        },
      {"unknown measure",        R"({"id":"a","scores":{"n":1}}]})"                                           },
      {"twice",                  "{\"id\":\"a\",\"scores\":{\"m\":1}},\n{\"id\":\"a\",\"scores\":{\"m\":1}}]}"},
      {"unsorted",               "{\"id\":\"b\",\"scores\":{\"m\":1}},\n{\"id\":\"a\",\"scores\":{\"m\":1}}]}"},
      {"cut off",                R"({"id":"a","scores":{"m":1}},)"                                            },
      {"no id",                  R"({"scores":{"m":1}}]})"                                                    },
      {"merge marker",           "<<<<<<< HEAD\n]}"                                                           },
      {"a key that is misspelt", R"({"id":"a","scroes":{"m":1}}]})"                                           },
      {"more failed than asked", R"({"id":"a","failed":2,"scores":{}}]})"                                     },
  };
  std::string found;
  for (const auto& [why, rows] : kRows) {
    std::string text = std::string(kHead) + rows + "\n";
    if (text.ends_with("}]}\n")) text.insert(text.size() - 3, "\n");
    found += std::string("# ") + why + "\n" + opened(folder, text) + "\n";
  }
  found += "# another file\n" + opened(folder, "{\"a\":1}\n") + "\n";
  found += "# a newer version\n" +
           opened(folder,
                  "{\"schema_version\":2,\n\"run\":{\"schema_version\":2,\"measures\":[]},"
                  "\n\"cases\":[\n]}\n") +
           "\n";
  found += "# a newer form of the file, the run in it as ever\n" +
           opened(folder,
                  "{\"schema_version\":2,\n\"run\":{\"schema_version\":1,\"measures\":[]},"
                  "\n\"cases\":[\n]}\n") +
           "\n";
  found += "# missing\n" + render(open_baseline("nowhere/b.json").problems());
  CHECK_GOLDEN("baseline_errors.txt", found);
}
