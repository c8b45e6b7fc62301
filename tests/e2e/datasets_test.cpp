// `datasets` from outside.
#include <doctest/doctest.h>

#include <algorithm>

#include "datasets/text/files.h"
#include "datasets/text/json.h"
#include "tests/support/reference.h"
#include "tests/support/run_cli.h"

using namespace llmops;
using namespace llmops::test;

namespace {

constexpr const char* kSet =
    R"({"id":"a","q":"How do I return a kettle?","reference":"Within 30 days.","tags":{"lang":"en"}}
{"id":"b","q":"how do i return a kettle","reference":"Within 30 days.","tags":{"lang":"en"}}
{"id":"c","q":"Wo ist mein Paket?","reference":"=1+1","tags":{"lang":"de"}}
{"id":"d","q":"How do I return a kettle?","reference":"Within 30 days.","tags":{"lang":"en"}}
)";

struct Fixture {
  TemporaryFolder folder;
  Fixture() { folder.write("d.jsonl", kSet); }
  CliRun call(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "datasets");
    return run_cli(arguments, {.folder = folder.path()});
  }
  std::string read(const char* name) const {
    const Result<Source> source = read_source(folder.path() / name);
    REQUIRE(source);
    return source->text();
  }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "datasets stats: one screen, or one document") {
  const CliRun screen = call({"stats", "d.jsonl"});
  CHECK(screen.code == 0);
  CHECK(screen.out.find("d.jsonl: 4 cases, 4 with a reference, sha256 ") == 0);
  CHECK(screen.out.find("\ntag lang\n  en                            3\n") != std::string::npos);
  const Result<Value> document = parse_json(call({"stats", "d.jsonl", "--json"}).out, "stdout");
  REQUIRE(document);
  CHECK(find_path(*document, "cases")->number() == 4);
  CHECK(find_path(*document, "/tags/lang/de")->number() == 1);
}

TEST_CASE_FIXTURE(Fixture, "datasets validate: problems are told, errors end in exit code 2") {
  const CliRun warned = call({"validate", "d.jsonl"});
  CHECK(warned.code == 0);
  CHECK(warned.out.find("dataset/duplicate-content") != std::string::npos);
  folder.write("secret.jsonl", R"({"id":1,"q":"key AKIA)"
                               R"(JQ5MTH2ZK3WLXP7R"})"
                               "\n");
  const CliRun failed = call({"validate", "secret.jsonl"});
  CHECK(failed.code == 2);
  CHECK(failed.out.find("secret/aws-access-key") != std::string::npos);
  CHECK(failed.out.find("JQ5MTH2ZK3WLXP7R") == std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "datasets dedup: lists the repeats, writes the set without them") {
  CHECK(call({"dedup", "d.jsonl"}).out ==
        "d.jsonl:4: repeats line 1\n"
        "1 of 4 cases repeat an earlier one; --output FILE writes the set without them\n");
  const CliRun written = call({"dedup", "d.jsonl", "--by", "normalised", "--output", "out.jsonl"});
  CHECK(written.out == "out.jsonl: 2 of 4 cases\n");
  const std::string text = read("out.jsonl");
  CHECK(text.find("\"a\"") != std::string::npos);
  CHECK(text.find("\"b\"") == std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "datasets split: every case in one part, the same each time") {
  const CliRun run = call({"split", "d.jsonl", "--parts", "x=1,y=1", "--json"});
  CHECK(run.code == 0);
  const std::string x = read("d.x.jsonl"), y = read("d.y.jsonl");
  CHECK(std::count(x.begin(), x.end(), '\n') + std::count(y.begin(), y.end(), '\n') == 4);
  const CliRun again = call({"split", "d.jsonl", "--parts", "x=1,y=1"});
  CHECK(again.code == 2);
  CHECK(again.err ==
        "error: d.x.jsonl exists\n  = help: choose another name, or replace it with "
        "--force\n");
  CHECK(call({"split", "d.jsonl", "--parts", "x=1,y=1", "--force"}).code == 0);
  CHECK(read("d.x.jsonl") == x);
}

TEST_CASE_FIXTURE(Fixture, "datasets sample and convert: new files, never over the old one") {
  CHECK(call({"sample", "d.jsonl", "--count", "2", "--by", "lang", "--output", "s.csv"}).out ==
        "s.csv: 2 of 4 cases\n");
  const CliRun same = call({"convert", "d.jsonl", "./d.jsonl", "--force"});
  CHECK(same.code == 2);
  CHECK(same.err.find("./d.jsonl is the file that is read") != std::string::npos);
  CHECK(read("d.jsonl") == kSet);
  CHECK(call({"convert", "d.jsonl", "d.csv", "--escape-formulas", "--column", "reference"}).code ==
        0);
  CHECK(read("d.csv").find("'=1+1") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "datasets: what is wrong is named") {
  CHECK(call({"stats", "none.jsonl"}).err == "none.jsonl: error: no such file\n");
  CHECK(call({"stats", "d.jsonl", "--field", "reference"}).err ==
        "error: --field is `reference`\n  = expected WORD=COLUMN, such as reference=answer\n");
  CHECK(call({"split", "d.jsonl", "--parts", "x=0"}).code == 2);
}
