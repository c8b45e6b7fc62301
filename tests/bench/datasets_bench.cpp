// Rows a second of the loader over small JSONL rows, and of its parser alone.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "datasets/dataset.h"
#include "datasets/text/files.h"
#include "datasets/text/json.h"
#include "tests/support/reference.h"

namespace {

using namespace llmops;

constexpr int kRows = 100000;

const std::filesystem::path& rows() {
  static const test::TemporaryFolder kFolder;
  static const std::filesystem::path kFile = [] {
    std::string text;
    for (int i = 0; i < kRows; ++i)
      text += fmt::format(
          "{{\"id\": \"case-{}\", \"question\": \"What is {} plus {}?\", \"reference\": \"{}\", "
          "\"tags\": [\"math\"]}}\n",
          i, i, i * 7, i * 8);
    return kFolder.write("rows.jsonl", text);
  }();
  return kFile;
}

void parse(benchmark::State& state) {
  for (auto _ : state) {
    auto lines = LineReader::open(rows());
    std::string_view line;
    while (lines->next(line))
      benchmark::DoNotOptimize(parse_json(line, "rows.jsonl", lines->line_number()));
  }
  state.SetItemsProcessed(state.iterations() * kRows);
}

void open(benchmark::State& state) {
  DatasetSpec spec;
  spec.path = rows();
  for (auto _ : state) benchmark::DoNotOptimize(Dataset::open(spec));
  state.SetItemsProcessed(state.iterations() * kRows);
}

void stream(benchmark::State& state) {
  DatasetSpec spec;
  spec.path = rows();
  const auto dataset = Dataset::open(spec);
  for (auto _ : state) {
    Case row;
    for (const auto cases = dataset->cases(); cases->next(row);) benchmark::DoNotOptimize(row);
  }
  state.SetItemsProcessed(state.iterations() * kRows);
}

BENCHMARK(parse)->Unit(benchmark::kMillisecond);
BENCHMARK(open)->Unit(benchmark::kMillisecond);
BENCHMARK(stream)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
