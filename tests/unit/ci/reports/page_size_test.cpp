// A page of many cases with long texts stays small, and says what it left out.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/support/page.h"
#include "tests/unit/ci/reports/example_run.h"

using namespace llmops;
using namespace llmops::test;

namespace {

// Words of a made-up language: compresses like text, and repeats little.
std::string prose(std::uint64_t seed, std::size_t bytes) {
  std::string text;
  std::uint64_t state = seed * 0x9E3779B97F4A7C15ULL + 1;
  while (text.size() < bytes) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    std::uint64_t word = (state >> 40U) % 3000;
    for (word += 30; word > 0; word /= 23) text += static_cast<char>('a' + word % 23);
    text += (state >> 20U) % 11 == 0 ? ". " : " ";
  }
  return text;
}

ExampleRun long_run(int cases, std::size_t bytes) {
  ExampleRun run;
  const CaseRow pattern = run.candidate.cases[0];
  run.candidate.cases.clear();
  run.baseline.cases.clear();
  for (int i = 0; i < cases; ++i) {
    CaseRow row = pattern;
    row.id = fmt::format("case-{:06}", i);
    row.output = std::to_string(i);
    run.candidate.cases.push_back(row);
    row.output += "b";
    run.baseline.cases.push_back(row);
    const auto seed = static_cast<std::uint64_t>(i);
    run.outputs.add(row.id, prose(seed + 1'000'000, 200), prose(seed, bytes));
    run.baseline_outputs.add(row.id, "", prose(seed + 2'000'000, bytes));
  }
  run.comparison.metrics[0].worst = {
      {"case-000500", -1.0}
  };
  return run;
}

}  // namespace

TEST_CASE("html: 1,000 cases with long outputs stay below 2 MB") {
  const ExampleRun run = long_run(1000, 8000);
  const std::string page = written("html", run.input());
  CHECK(page.size() < 2'000'000);
  CHECK(page.size() > 500'000);  // and the room is used
  // Every case has its texts, cut where they are long; the one that lost most has all of it.
  CHECK(page.find("The page holds the texts of") == std::string::npos);
  const std::string unpacked = unpacked_page(page);
  CHECK(unpacked.find(prose(500, 8000).substr(0, 7900)) != std::string::npos);
  CHECK(unpacked.find(prose(7, 8000).substr(0, 400)) != std::string::npos);
}
