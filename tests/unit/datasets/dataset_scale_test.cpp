#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/resource.h>

#include <fstream>

#include "datasets/dataset.h"
#include "tests/support/reference.h"

using namespace llmops;

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kMemoryTells = false;  // sanitizers keep freed memory
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool kMemoryTells = false;
#else
constexpr bool kMemoryTells = true;
#endif
#else
constexpr bool kMemoryTells = true;
#endif

long peak_kib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

// Row 250000 repeats the id of row 7, or where there are no ids the whole row.
std::filesystem::path write_rows(const test::TemporaryFolder& folder, const char* name, int count,
                                 bool ids, bool repeat) {
  const auto path = folder.path() / name;
  std::ofstream out(path);
  for (int i = 0; i < count; ++i) {
    const int row = repeat && i == 250000 ? 7 : i;
    if (ids)
      out << fmt::format("{{\"id\": \"case-{}\", \"question\": \"What is {}?\"}}\n", row, i);
    else
      out << fmt::format("{{\"question\": \"What is {}?\"}}\n", row);
  }
  return path;
}

std::size_t count(const Dataset& dataset) {
  std::size_t rows = 0;
  Case row;
  for (const auto stream = dataset.cases(); stream->next(row);) ++rows;
  return rows;
}

}  // namespace

TEST_CASE("dataset: memory does not grow with the file") {
  const test::TemporaryFolder folder;
  for (const bool shuffled : {false, true}) {
    for (const bool ids : {false, true}) {
      CAPTURE(shuffled);
      CAPTURE(ids);
      DatasetSpec spec;
      if (shuffled) spec.shuffle = 1;
      // As many rows as fit into the sorters' memory first; what five times as many add must be
      // little.
      spec.path = write_rows(folder, "small.jsonl", 60000, ids, false);
      REQUIRE(Dataset::open(spec));
      const long before = peak_kib();
      spec.path = write_rows(folder, "large.jsonl", 300000, ids, false);
      const Result<Dataset> dataset = Dataset::open(spec);
      REQUIRE(dataset);
      CHECK(count(*dataset) == 300000);
      if (kMemoryTells) CHECK(peak_kib() - before < 20 * 1024);
    }
  }
}

TEST_CASE("dataset: a repeat is found far apart, beyond what memory holds") {
  const test::TemporaryFolder folder;
  DatasetSpec spec;
  spec.path = write_rows(folder, "given.jsonl", 300000, true, true);
  const Result<Dataset> given = Dataset::open(spec);
  REQUIRE(given.problems().size() == 1);
  CHECK(given.problems()[0].line == 250001);
  CHECK(given.problems()[0].what == "id `case-7` stands here a second time");
  CHECK(given.problems()[0].help == "line 8 has it first");

  spec.path = write_rows(folder, "equal.jsonl", 300000, false, true);
  const Result<Dataset> equal = Dataset::open(spec);
  REQUIRE(equal);
  REQUIRE(equal.problems().size() == 1);
  CHECK(equal.problems()[0].line == 250001);
  CHECK(equal.problems()[0].what == "this row equals that of line 8");
}

TEST_CASE("dataset: a file of equal rows gets as many ids") {
  const test::TemporaryFolder folder;
  const auto path = folder.path() / "same.csv";
  {
    std::ofstream out(path);
    out << "q\n";
    for (int i = 0; i < 300000; ++i) out << "x\n";
  }
  DatasetSpec spec;
  spec.path = path;
  const Result<Dataset> dataset = Dataset::open(spec);
  REQUIRE(dataset);
  Case row;
  std::string last;
  for (const auto stream = dataset->cases(); stream->next(row);) last = row.id;
  CHECK(last.substr(16) == "-300000");
}
