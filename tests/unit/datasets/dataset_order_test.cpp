#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "datasets/dataset.h"
#include "datasets/text/yaml.h"
#include "tests/support/reference.h"

using namespace llmops;
using test::TemporaryFolder;

namespace {

std::string numbered_rows(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += fmt::format("{{\"id\":{},\"question\":\"q{}\"}}\n", i, i);
  return text;
}

std::vector<std::string> ids(const Dataset& dataset) {
  std::vector<std::string> found;
  Case row;
  for (const auto stream = dataset.cases(); stream->next(row);) found.push_back(row.id);
  return found;
}

Dataset opened(const DatasetSpec& spec) {
  Result<Dataset> dataset = Dataset::open(spec);
  REQUIRE(render(dataset.problems()) == "");
  return *std::move(dataset);
}

}  // namespace

TEST_CASE("dataset: limit takes the first rows and leaves the rest unread") {
  const TemporaryFolder folder;
  DatasetSpec spec;
  spec.path = folder.write("d.jsonl", numbered_rows(3) + "broken\n");
  spec.limit = 2;
  const Dataset dataset = opened(spec);
  CHECK(ids(dataset) == std::vector<std::string>{"0", "1"});
  CHECK(dataset.info().cases == 2);
}

TEST_CASE("dataset: a shuffle is a permutation that the seed decides") {
  const TemporaryFolder folder;
  DatasetSpec spec;
  spec.path = folder.write("d.jsonl", numbered_rows(50));
  const std::string plain_hash = opened(spec).info().sha256;
  spec.shuffle = 7;
  const Dataset dataset = opened(spec);
  const std::vector<std::string> order = ids(dataset);
  CHECK(order == ids(dataset));  // each stream starts anew
  CHECK(order == ids(opened(spec)));
  CHECK(std::set<std::string>(order.begin(), order.end()).size() == 50);
  CHECK_FALSE(std::ranges::is_sorted(order));
  CHECK(dataset.info().sha256 == plain_hash);
  spec.shuffle = 8;
  CHECK(ids(opened(spec)) != order);

  // A random choice is the front of the shuffled order.
  spec.shuffle = 7;
  spec.limit = 10;
  const Dataset chosen = opened(spec);
  CHECK(ids(chosen) == std::vector<std::string>(order.begin(), order.begin() + 10));
  CHECK(chosen.info().cases == 10);
  CHECK(chosen.info().sha256 != plain_hash);
}

TEST_CASE("dataset: visit sees the cases that are used, in the order of the file, and may object") {
  const TemporaryFolder folder;
  DatasetSpec spec;
  spec.path = folder.write("d.jsonl", numbered_rows(20));
  spec.shuffle = 1;
  spec.limit = 5;
  std::vector<std::string> seen;
  REQUIRE(Dataset::open(spec, [&](const Case& row, Diagnostics&) { seen.push_back(row.id); }));
  std::vector<std::string> chosen = ids(opened(spec));
  std::ranges::sort(chosen, {}, [](const std::string& id) { return std::stoi(id); });
  CHECK(seen == chosen);

  const Result<Dataset> refused = Dataset::open(spec, [](const Case& row, Diagnostics& problems) {
    problems.push_back(problem("not " + row.id));
  });
  CHECK_FALSE(refused);
  CHECK(refused.problems().size() == 5);
}

TEST_CASE("dataset: equal rows without id get numbers, in every order, and a warning") {
  const TemporaryFolder folder;
  DatasetSpec spec;
  spec.path = folder.write(
      "d.jsonl",
      "{\"q\":\"a\",\"n\":1}\n{\"q\":\"b\"}\n{\"n\":1,\"q\":\"a\"}\n{\"q\":\"a\",\"n\":1}\n");
  const Result<Dataset> dataset = Dataset::open(spec);
  REQUIRE(dataset);
  REQUIRE(dataset.problems().size() == 1);
  CHECK(dataset.problems()[0].severity == Severity::warning);
  CHECK(dataset.problems()[0].line == 3);
  CHECK(dataset.problems()[0].what ==
        "this row equals that of line 1; 2 rows of the file repeat an earlier one");
  const std::vector<std::string> plain = ids(*dataset);
  CHECK(plain[0].size() == 16);
  CHECK(plain[2] == plain[0] + "-2");
  CHECK(plain[3] == plain[0] + "-3");
  CHECK(plain[1] != plain[0]);
  spec.shuffle = 3;
  const Result<Dataset> shuffled = Dataset::open(spec);
  REQUIRE(shuffled);
  const std::vector<std::string> other = ids(*shuffled);
  CHECK(std::set<std::string>(plain.begin(), plain.end()) ==
        std::set<std::string>(other.begin(), other.end()));
}

TEST_CASE("dataset: at most a hundred problems, then a count") {
  const TemporaryFolder folder;
  DatasetSpec spec;
  std::string text;
  for (int i = 0; i < 250; ++i) text += "[]\n";
  spec.path = folder.write("d.jsonl", text);
  const Result<Dataset> dataset = Dataset::open(spec);
  REQUIRE(dataset.problems().size() == 101);
  CHECK(dataset.problems()[99].line == 100);
  CHECK(dataset.problems()[100].what == "and 150 more problems");
}

TEST_CASE("dataset: a file that changes after it was checked is noticed") {
  const TemporaryFolder folder;
  DatasetSpec spec;
  spec.path = folder.write("d.jsonl", numbered_rows(3));
  const Dataset dataset = opened(spec);
  folder.write("d.jsonl", numbered_rows(2));
  Case row;
  const auto stream = dataset.cases();
  CHECK(stream->next(row));
  CHECK(stream->next(row));
  CHECK_THROWS_WITH(stream->next(row),
                    (spec.path.string() + ": the file changed while it was used").c_str());
}

TEST_CASE("dataset: paths that are no dataset") {
  const TemporaryFolder folder;
  struct Row {
    const char* path;
    const char* what;
  };
  const Row rows[] = {
      {"",              "the dataset has no path"          },
      {"nowhere.jsonl", "no such file"                     },
      {"folder.jsonl",  "is a folder"                      },
      {"/dev/null",     "not a file that can be read twice"},
  };
  std::filesystem::create_directory(folder.path() / "folder.jsonl");
  for (const Row& row : rows) {
    CAPTURE(row.path);
    DatasetSpec spec;
    spec.path = *row.path == '\0' ? std::filesystem::path() : folder.path() / row.path;
    const Result<Dataset> dataset = Dataset::open(spec);
    REQUIRE_FALSE(dataset);
    CHECK(dataset.problems()[0].what == row.what);
  }
}

TEST_CASE("dataset: `dataset:` of a suite") {
  const auto read = [](const char* text, Diagnostics& problems) {
    const Source suite("s.yaml", text);
    const Result<Value> value = parse_yaml(suite);
    REQUIRE(value);
    return read_dataset_spec(*value->find("dataset"), suite, "in", problems);
  };
  Diagnostics problems;
  CHECK(read("dataset: a.jsonl\n", problems).path == "in/a.jsonl");
  const DatasetSpec spec = read(
      "dataset: {path: /x/a.txt, format: csv, fields: {reference: [answer, b.c], weight: null}, "
      "limit: 5, shuffle: 7}\n",
      problems);
  CHECK(render(problems) == "");
  CHECK(spec.path == "/x/a.txt");
  CHECK(spec.format == "csv");
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  CHECK(spec.fields == Pairs{
                           {"reference", "answer"},
                           {"reference", "b.c"   },
                           {"weight",    ""      }
  });
  CHECK(spec.limit == 5);
  CHECK(spec.shuffle == 7);

  read("dataset:\n  path: a\n  format: cvs\n  fields: {refrence: answer}\n  limit: 0\n", problems);
  CHECK(render(problems) ==
        "s.yaml:3:11: error: `format` is `cvs`\n"
        " 3 |   format: cvs\n"
        "   |           ^^^ expected one of: csv, json, jsonl, tsv, yaml\n"
        "  = help: did you mean `csv`?\n"
        "s.yaml:4:12: error: unknown key `refrence`\n"
        " 4 |   fields: {refrence: answer}\n"
        "   |            ^^^^^^^^ expected one of: context, group, id, metadata, reference, "
        "references, tags, weight\n"
        "  = help: did you mean `reference`?\n"
        "s.yaml:5:10: error: `limit` is 0\n"
        " 5 |   limit: 0\n"
        "   |          ^ expected a number of at least 1\n");
}

TEST_CASE("dataset: GSM8K reads whole") {
  const auto file = test::shared("data/gsm8k/test.jsonl");
  if (!file) return;
  DatasetSpec spec;
  spec.path = *file;
  spec.fields = {
      {"reference", "answer"}
  };
  const Dataset dataset = opened(spec);
  CHECK(dataset.info().cases == 1319);
  CHECK(ids(dataset).size() == 1319);
}
