#include "datasets/writer.h"

#include <doctest/doctest.h>

#include "datasets/text/files.h"
#include "datasets/text/json.h"
#include "tests/support/reference.h"

using namespace llmops;

namespace {

Dataset opened(const std::filesystem::path& path) {
  DatasetSpec spec;
  spec.path = path;
  Result<Dataset> dataset = Dataset::open(spec);
  REQUIRE(render(dataset.problems()) == "");
  return *std::move(dataset);
}

std::string written(const Dataset& dataset, const std::filesystem::path& path,
                    const WriteOptions& options = {}) {
  const Result<std::size_t> count = write_dataset(dataset, path, options);
  REQUIRE(count);
  CHECK(*count == dataset.info().cases);
  return read_source(path)->text();
}

}  // namespace

TEST_CASE("writer: every format") {
  const test::TemporaryFolder folder;
  const Dataset dataset = opened(folder.write(
      "d.jsonl",
      "{\"id\":1,\"q\":\"a, "
      "\\\"b\\\"\\nc\",\"reference\":[\"x\",2]}\n{\"id\":2,\"q\":null,\"more\":{\"k\":true}}\n"));
  CHECK(written(dataset, folder.path() / "o.jsonl") ==
        "{\"id\":1,\"q\":\"a, "
        "\\\"b\\\"\\nc\",\"reference\":[\"x\",2]}\n{\"id\":2,\"q\":null,\"more\":{\"k\":true}}\n");
  CHECK(written(dataset, folder.path() / "o.json") ==
        "[\n{\"id\":1,\"q\":\"a, "
        "\\\"b\\\"\\nc\",\"reference\":[\"x\",2]},\n{\"id\":2,\"q\":null,\"more\":{\"k\":true}}\n]"
        "\n");
  CHECK(
      written(dataset, folder.path() / "o.csv") ==
      "id,q,reference,more\n1,\"a, \"\"b\"\"\nc\",\"[\"\"x\"\",2]\",\n2,,,\"{\"\"k\"\":true}\"\n");
  CHECK(written(dataset, folder.path() / "o.tsv") ==
        "id\tq\treference\tmore\n1\t\"a, "
        "\"\"b\"\"\nc\"\t\"[\"\"x\"\",2]\"\t\n2\t\t\t\"{\"\"k\"\":true}\"\n");
  CHECK(written(dataset, folder.path() / "c.csv",
                {
                    .format = "", .columns = {"reference", "id"}
  }) ==
        "reference,id\n\"[\"\"x\"\",2]\",1\n,2\n");
}

TEST_CASE("writer: what is written reads back the same") {
  const test::TemporaryFolder folder;
  const Dataset dataset = opened(
      folder.write("d.csv", "q,r\n\" a \",\"=1+1\"\n\"tab\there\",\"x\r\ny\"\n,\n\"'\",-5\n"));
  for (const char* name : {"o.jsonl", "o.json", "o.csv", "o.tsv"}) {
    CAPTURE(name);
    written(dataset, folder.path() / name);
    CHECK(opened(folder.path() / name).info().sha256 == dataset.info().sha256);
  }
  const Dataset lone = opened(folder.write("lone.csv", "q\n\"\"\nx\n"));
  written(lone, folder.path() / "lone2.csv");
  CHECK(opened(folder.path() / "lone2.csv").info().sha256 == lone.info().sha256);
}

TEST_CASE("writer: made ids, and only what is kept") {
  const test::TemporaryFolder folder;
  const Dataset dataset = opened(folder.write("d.jsonl", "{\"q\":\"a\"}\n{\"q\":\"b\"}\n"));
  const Result<std::size_t> count = write_dataset(
      dataset, folder.path() / "o.jsonl", {.format = "", .columns = {}, .with_id = true},
      [](std::uint64_t number, const Case&) { return number == 1; });
  REQUIRE(count);
  CHECK(*count == 1);
  const Dataset again = opened(folder.path() / "o.jsonl");
  Case before, after;
  const auto stream = dataset.cases();
  stream->next(before);
  stream->next(before);
  again.cases()->next(after);
  CHECK(after.id == before.id);
}

TEST_CASE("writer: a conversation keeps its columns, not what was derived") {
  const test::TemporaryFolder folder;
  const std::string line =
      "{\"messages\":[{\"role\":\"user\",\"content\":\"q\"},{\"role\":\"assistant\",\"content\":"
      "\"a\"}]}\n";
  const Dataset dataset = opened(folder.write("d.jsonl", line));
  CHECK(written(dataset, folder.path() / "o.jsonl") == line);
}

TEST_CASE("writer: cells that a spreadsheet would run") {
  struct Row {
    const char* text;
    const char* plain;
    const char* escaped;
  };
  const Row rows[] = {
      {"=1+1",     "=1+1",             "'=1+1"            },
      {"@SUM(A1)", "@SUM(A1)",         "'@SUM(A1)"        },
      {"-5",       "-5",               "-5"               },
      {"+4.5e3",   "+4.5e3",           "+4.5e3"           },
      {"-2+3",     "-2+3",             "'-2+3"            },
      {"\tx",      "\tx",              "'\tx"             },
      {"=\"a\",b", "\"=\"\"a\"\",b\"", "\"'=\"\"a\"\",b\""},
      {"plain",    "plain",            "plain"            },
      {"",         "",                 ""                 },
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(csv_cell(row.text) == row.plain);
    CHECK(csv_cell(row.text, ',', true) == row.escaped);
  }
}

TEST_CASE("writer: formats that cannot be written") {
  const test::TemporaryFolder folder;
  const Dataset dataset = opened(folder.write("d.jsonl", "{\"q\":\"a\"}\n"));
  CHECK(write_dataset(dataset, "o.yaml", {}).problems().at(0).what == "`yaml` cannot be written");
  CHECK(write_dataset(dataset, "o.txt", {}).problems().at(0).what ==
        "unknown extension `.txt` of a dataset");
  CHECK(write_dataset(dataset, "o.csv.gz", {}).problems().at(0).what ==
        "o.csv.gz: gzip cannot be written");
  CHECK(write_dataset(dataset, "o", {.format = "xml"}).problems().at(0).what ==
        "unknown dataset format `xml`");
}
