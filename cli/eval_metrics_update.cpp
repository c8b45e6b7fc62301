#include "cli/eval_metrics_update.h"

#include <fmt/format.h>

#include <cmath>

#include "ci/summary.h"
#include "cli/run_origin.h"
#include "datasets/text/files.h"
#include "prompts/eval_metrics.h"

namespace llmops {
namespace {

constexpr std::size_t kDay = 10;  // "2025-11-15" of a time in ISO 8601

double to_four_digits(double value) { return std::stod(fmt::format("{:.4g}", value)); }

Object measured(const StoredRunInfo& info, const Store& store) {
  Object metrics{
      {"last_run", info.header.created.substr(0, kDay)}
  };
  std::vector<std::string> ignored;
  const Summary summary = summarize(*store.open_run(info.header), ignored);
  for (const MeasureSummary& figures : summary.measures)
    if (!figures.measure.builtin && figures.mean && std::isfinite(*figures.mean))
      metrics.add(figures.measure.name, to_four_digits(*figures.mean));
  return metrics;
}

}  // namespace

Result<std::filesystem::path> update_eval_metrics(const StoredRunInfo& info, const Store& store) {
  const Result<Prompt> prompt = prompt_of(info);
  if (!prompt) return prompt.problems();
  if (prompt->file.empty()) return problem("the prompt stands in the suite");
  if (!prompt->revision.empty())
    return problem(
        fmt::format("the prompt was read from git ({})", prompt->revision.substr(0, 12)));
  const Result<Source> source = read_source(prompt->file);
  if (!source) return source.problems();
  const Result<std::string> text = with_eval_metrics(*source, measured(info, store));
  if (!text) return text.problems();
  if (*text != source->text()) write_atomically(prompt->file, *text);
  return prompt->file;
}

}  // namespace llmops
