#include "datasets/rows.h"

#include <doctest/doctest.h>

#include "tests/support/reference.h"
#include "tests/support/run_cli.h"

using namespace llmops;
using namespace llmops::test;

TEST_CASE("rows: every row in batches, numbered; ids, weights and tags mean nothing") {
  const TemporaryFolder folder;
  std::string text;
  for (int i = 0; i < 2500; ++i)
    text += R"({"id": "same", "weight": "5 kg", "tags": 7, "group": [], "answer": ")" +
            std::to_string(i) + "\", \"gold\": [\"a\", \"b\"]}\n";
  folder.write("rows.jsonl", text);
  std::size_t seen = 0, batches = 0;
  const auto count = [&](std::span<const Case> batch) {
    ++batches;
    for (const Case& row : batch) {
      REQUIRE(row.id == std::to_string(seen + 1));
      REQUIRE(row.references == std::vector<std::string>{"a", "b"});
      REQUIRE(to_text(*row.variables.find("answer")) == std::to_string(seen));
      ++seen;
    }
  };
  const Result<Rows> rows = Rows::open(folder.path() / "rows.jsonl", "gold", count);
  REQUIRE(rows);
  CHECK(rows->size() == 2500);
  CHECK(seen == 2500);
  CHECK(batches == 3);
  CHECK(rows->columns() ==
        std::vector<std::string>{"id", "weight", "tags", "group", "answer", "gold"});
  seen = 0;
  rows->for_each(count);
  CHECK(seen == 2500);

  folder.write("rows.jsonl", text + "{\"answer\": \"more\", \"gold\": \"c\"}\n");
  seen = 0;
  CHECK_THROWS_AS(rows->for_each([&](std::span<const Case> batch) { seen += batch.size(); }),
                  std::runtime_error);
}

TEST_CASE("rows: all problems of a file, and no batch after the first") {
  const TemporaryFolder folder;
  folder.write("rows.jsonl", "{\"a\": 1, \"gold\": \"x\"}\n{\"a\": 2}\n{\"a\": \n");
  std::size_t used = 0;
  const Result<Rows> rows = Rows::open(folder.path() / "rows.jsonl", "gold",
                                       [&](std::span<const Case> batch) { used += batch.size(); });
  CHECK_FALSE(rows);
  CHECK(used == 0);
  REQUIRE(rows.problems().size() == 2);
  CHECK(rows.problems()[0].line == 2);
  CHECK(rows.problems()[1].line == 3);
  folder.write("none.jsonl", "\n");
  CHECK(Rows::open(folder.path() / "none.jsonl", "").problems().at(0).what == "no rows");
}
