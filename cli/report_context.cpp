#include "cli/report_context.h"

#include <algorithm>

#include "ci/reports/figures.h"
#include "ci/stats/moments.h"
#include "evaluators/store/call_times.h"
#include "prompts/prompt_file.h"

namespace llmops {
namespace {

constexpr std::size_t kMostRuns = 30;
constexpr std::int64_t kMostRows = 200'000;  // of earlier runs that are read for their means
constexpr std::size_t kMostCalls = 1'000'000;

std::string text_of(const Object& from, std::string_view key) {
  const Value* found = from.find(key);
  return found == nullptr ? "" : to_text(*found);
}

std::string suite_of(const StoredRunInfo& info) {
  const std::string file = text_of(info.spec, "suite");
  return file.empty() ? info.header.suite : file;
}

}  // namespace

std::string outcome_of(const StoredRunInfo& info) {
  const Value* outcome = info.verdict.find("outcome");
  if (outcome != nullptr) return to_text(*outcome);
  return info.header.complete ? "not gated" : "incomplete";
}

bool same_suite(const StoredRunInfo& a, const StoredRunInfo& b) {
  return suite_of(a) == suite_of(b);
}

std::optional<Prompt> sent_prompt(const StoredRunInfo& info) {
  const Value* stored = info.spec.find("prompt");
  if (stored == nullptr) return std::nullopt;
  Result<Prompt> prompt = read_prompt(*stored, Source("store.db", ""), ".");
  return prompt ? std::optional(*std::move(prompt)) : std::nullopt;
}

PastRun past_run(const Store& store, const StoredRunInfo& info) {
  const RunHeader& header = info.header;
  PastRun run{.id = header.id,
              .created = header.created,
              .label = who(header),
              .outcome = outcome_of(info),
              .cases = header.counts.cases};
  std::vector<stats::MeanPass> means(header.measures.size());
  CaseRow row;
  const std::unique_ptr<RunSource> source = store.open_run(header);
  for (const auto rows = source->rows(); rows->next(row);)
    for (std::size_t i = 0; i < means.size() && i < row.values.size(); ++i)
      if (row.values[i]) means[i].add(*row.values[i]);
  for (std::size_t i = 0; i < means.size(); ++i)
    if (means[i].count() > 0) run.means.emplace_back(header.measures[i].name, means[i].mean());
  return run;
}

ReportContext report_context(const Store& store, const RunHeader& run,
                             const std::string& baseline_id) {
  ReportContext context;
  const std::vector<StoredRunInfo> all = store.runs();  // newest first
  const auto by_id = [&](const std::string& id) {
    return std::ranges::find_if(all,
                                [&](const StoredRunInfo& each) { return each.header.id == id; });
  };
  const auto present = by_id(run.id);
  if (present == all.end()) return context;
  context.prompt = sent_prompt(*present);
  if (const auto baseline = by_id(baseline_id); baseline != all.end())
    context.baseline_prompt = sent_prompt(*baseline);
  context.latencies = call_latencies(store.folder(), run.id, kMostCalls);

  std::int64_t rows = 0;
  for (auto each = present; each != all.end() && context.history.size() < kMostRuns; ++each) {
    if (!same_suite(*each, *present)) continue;
    rows += each->header.counts.cases;
    if (rows > kMostRows && !context.history.empty()) break;
    context.history.push_back(past_run(store, *each));
    context.history.back().baseline = each->header.id == baseline_id;
  }
  std::ranges::reverse(context.history);
  return context;
}

void ReportContext::add_to(ReportInput& input) const {
  input.prompt = prompt ? &*prompt : nullptr;
  input.baseline_prompt = baseline_prompt ? &*baseline_prompt : nullptr;
  input.history = history;
  input.latencies = latencies;
}

}  // namespace llmops
