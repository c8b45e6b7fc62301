#include "cli/run_merge.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <set>

#include "ci/baseline.h"
#include "cli/judges.h"
#include "cli/outputs.h"
#include "cli/suite.h"
#include "datasets/text/json.h"
#include "evaluators/store/database.h"
#include "evaluators/store/side_calls.h"

namespace llmops {
namespace fs = std::filesystem;
namespace {

struct Options {
  std::vector<std::string> parts;
  std::string baseline;
  OutputFiles files;
};

struct Part {
  std::string named;  // as on the command line
  fs::path folder;    // of its store
  StoredRunInfo info;
};

// A folder with a store (its newest part), or a run of `store`.
Result<Part> find_part(const std::string& named, const fs::path& store_folder) {
  Part part{.named = named, .folder = store_folder, .info = {}};
  const bool folder = fs::is_directory(named);
  if (folder) part.folder = Store::exists(named) ? fs::path(named) : fs::path(named) / ".llmops";
  if (!Store::exists(part.folder))
    return problem(fmt::format("no runs are stored in {}", shown_store(part.folder)), "",
                   "name folders with a store.db, or runs of the store");
  const Store store(part.folder);
  if (!folder) {
    Result<StoredRunInfo> found = store.find_run(named);
    if (!found) return found.problems();
    part.info = *std::move(found);
    return part;
  }
  for (StoredRunInfo& info : store.runs()) {
    if (info.header.shards == 0) continue;
    part.info = std::move(info);
    return part;
  }
  return problem(fmt::format("{} holds no part of a run", shown_store(part.folder)), "",
                 "`llmops eval --shard 1/4` makes one");
}

// What all parts must share.
std::string same_in_all(const RunHeader& header) {
  Object all{
      {"prompt",  header.prompt          },
      {"dataset", header.dataset         },
      {"model",   header.model           },
      {"samples", header.samples_per_case},
      {"seed",    Value(header.seed)     },
      {"shards",  header.shards          }
  };
  if (const Value* hash = header.dataset.find("sha256"))
    all.set("dataset", *hash);  // its path may differ between machines
  List measures;
  for (const Measure& measure : header.measures)
    measures.emplace_back(measure.name + measure.signature);
  all.add("measures", std::move(measures));
  return dump_json(Value(std::move(all)));
}

Diagnostics check(const std::vector<Part>& parts) {
  Diagnostics problems;
  std::set<int> there;
  const RunHeader& first = parts.front().info.header;
  for (const Part& part : parts) {
    const RunHeader& header = part.info.header;
    if (header.shards == 0)
      problems.push_back(problem(fmt::format("run {} is no part of a run", header.id), "",
                                 "`llmops eval --shard 1/4` makes parts"));
    else if (same_in_all(header) != same_in_all(first))
      problems.push_back(problem(fmt::format(
          "{}: run {} has another prompt, model, dataset, evaluators or number of parts "
          "than run {}",
          part.named, header.id, first.id)));
    else if (!there.insert(header.shard).second)
      problems.push_back(
          problem(fmt::format("{}: part {} is there twice", part.named, header.shard)));
  }
  if (!problems.empty()) return problems;
  for (int i = 1; i <= first.shards; ++i)
    if (there.count(i) == 0)
      problems.push_back(problem(fmt::format("part {} of {} is missing", i, first.shards)));
  return problems;
}

RunHeader merged_header(const std::vector<Part>& parts) {
  RunHeader header = parts.front().info.header;
  header.shard = header.shards = 0;
  for (const Part& part : parts) {
    const RunHeader& each = part.info.header;
    header.created = std::max(header.created, each.created);
    header.wall_s = std::max(header.wall_s, each.wall_s);
    for (const std::string& warning : each.warnings)
      if (std::ranges::find(header.warnings, warning) == header.warnings.end())
        header.warnings.push_back(warning);
    if (dump_json(Value(each.hardware)) != dump_json(Value(header.hardware)))
      header.hardware = {};  // of several machines: none
  }
  return header;
}

ExitCode run(const Options& options, const StoreOptions& where, Console& console) {
  const std::string suite_file = where.suite.empty() ? "llmops.yaml" : where.suite;
  std::optional<Suite> suite;
  if (!where.suite.empty() || fs::exists(suite_file)) {
    SuiteOverrides overrides;
    if (!options.baseline.empty()) overrides.baseline = options.baseline;
    Result<Suite> loaded = load_suite(suite_file, overrides);
    if (!loaded) return console.reject(loaded.problems(), "runs merge");
    suite = *std::move(loaded);
  }
  const fs::path folder = !where.store.empty()
                              ? fs::path(where.store)
                              : state_folder(suite ? suite->folder : fs::path("."));

  Diagnostics problems;
  std::vector<Part> parts;
  for (const std::string& named : options.parts) {
    Result<Part> part = find_part(named, folder);
    if (part)
      parts.push_back(*std::move(part));
    else
      append(problems, part.problems());
  }
  std::shared_ptr<const RunSource> baseline;
  if (suite && suite->gate && suite->gate->baseline) {
    Result<std::shared_ptr<const RunSource>> opened = open_baseline(*suite->gate->baseline);
    if (opened)
      baseline = *std::move(opened);
    else
      append(problems, opened.problems());
  }
  if (problems.empty()) append(problems, check(parts));
  if (has_errors(problems)) return console.reject(problems, "runs merge");

  Store store(folder);
  RunHeader header = merged_header(parts);
  Object spec;
  if (suite) spec.add("suite", fs::absolute(suite->file).lexically_normal().string());
  if (const Value* prompt = parts.front().info.spec.find("prompt")) spec.add("prompt", *prompt);
  store.begin_run(header, spec);
  for (const Part& part : parts) store.copy_calls(part.folder, part.info.header.id, header.id);
  header.counts = store.count(header.id);
  header.cost_usd = store.cost(header.id);
  add_side_uses(header, side_uses(store.folder(), header.id));
  header.complete = true;
  header.why_incomplete.clear();
  for (const Part& part : parts) {
    if (part.info.header.complete) continue;
    header.complete = false;
    header.why_incomplete =
        fmt::format("part {}: {}", part.info.header.shard, part.info.header.why_incomplete);
  }
  store.finish_run(header);

  const GateSpec* gate = suite && suite->gate ? &*suite->gate : nullptr;
  const Decided decided = decide_run(store, header, gate, std::move(baseline));
  if (decided.verdict) store.set_verdict(header.id, verdict_value(*decided.verdict));
  return publish(store, decided, gate, "runs merge", options.files, console);
}

}  // namespace

RunCommand declare_runs_merge(CLI::App& app, const StoreOptions& where) {
  auto options = std::make_shared<Options>();
  app.add_option("PART", options->parts, "runs of the store, or folders with the stores of parts")
      ->required();
  app.add_option("--baseline", options->baseline, "another baseline file")->type_name("FILE");
  declare_output_options(app, options->files);
  return [options, &where](Console& console) { return run(*options, where, console); };
}

}  // namespace llmops
