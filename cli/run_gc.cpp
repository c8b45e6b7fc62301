#include "cli/run_gc.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <memory>

#include "ci/gate/wording.h"
#include "datasets/text/fields.h"
#include "evaluators/store/batch_journal.h"
#include "evaluators/store/drop_run.h"
#include "evaluators/store/run_lock.h"

namespace llmops {
namespace {

struct Options {
  std::optional<std::size_t> keep;
  std::string older_than;
  bool dry_run = false;
};

// RFC 3339 texts of one zone sort as the times do.
std::string before(std::chrono::nanoseconds age) {
  const auto then = std::chrono::time_point_cast<std::chrono::seconds>(
      std::chrono::system_clock::now() - std::chrono::ceil<std::chrono::seconds>(age));
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(then));
}

struct Swept {
  List dropped;  // {id, created, cases}
  List in_use;   // ids of runs that a process works on, or that have a batch out
  std::int64_t kept = 0, calls = 0, bytes = 0;
};

Swept sweep(const Store& store, const Options& options, const std::string& cutoff) {
  Swept swept;
  const std::vector<StoredRunInfo> runs = store.runs();  // newest first
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const RunHeader& header = runs[i].header;
    const bool recent =
        i < options.keep.value_or(0) || (!cutoff.empty() && header.created >= cutoff);
    if (recent) {
      ++swept.kept;
      continue;
    }
    const std::optional<RunLock> lock = RunLock::take(store.folder(), header.id);
    if (!lock || !BatchJournal(store.folder(), header.id).open().empty()) {
      swept.in_use.emplace_back(header.id);
      ++swept.kept;
      continue;
    }
    swept.dropped.emplace_back(Object{
        {"id",      header.id          },
        {"created", header.created     },
        {"cases",   header.counts.cases}
    });
    if (!options.dry_run) swept.calls += drop_run(store.folder(), header.id);
  }
  if (!options.dry_run && !swept.dropped.empty()) swept.bytes = compact(store.folder());
  return swept;
}

void print(const Swept& swept, const Options& options, Console& console) {
  const auto count = static_cast<std::int64_t>(swept.dropped.size());
  std::string text;
  for (const Value& run : swept.dropped)
    text += fmt::format("{} {}  {}\n", options.dry_run ? "would drop" : "dropped",
                        to_text(*run.find("id")), counted(run.find("cases")->number(), "case"));
  for (const Value& run : swept.in_use)
    text += fmt::format("kept {}: it is at work, or has a batch out\n", to_text(run));
  if (options.dry_run)
    text += fmt::format("{} would go, {} stay", counted(count, "run"), swept.kept);
  else
    text += fmt::format("{} with {} went, {} stay", counted(count, "run"),
                        counted(swept.calls, "call"), swept.kept);
  if (swept.bytes > 0)
    text += fmt::format("; {:.1f} MB are free again", static_cast<double>(swept.bytes) / 1e6);
  text += "\n";
  console.print(text);
}

}  // namespace

RunCommand declare_runs_gc(CLI::App& app, const StoreOptions& where) {
  auto options = std::make_shared<Options>();
  app.add_option("--keep", options->keep, "the newest N stay")->type_name("N");
  app.add_option("--older-than", options->older_than, "runs younger than this stay (30d, 12h)")
      ->type_name("TIME");
  app.add_flag("--dry-run", options->dry_run, "only say which would go");
  return [options, &where](Console& console) {
    constexpr const char* kCommand = "runs gc";
    if (!options->keep && options->older_than.empty())
      return console.reject(
          {problem("nothing says which runs may go", "expected --keep N, --older-than TIME or both",
                   "`llmops runs gc --older-than 30d --dry-run` tells first")},
          kCommand);
    std::string cutoff;
    if (!options->older_than.empty()) {
      const auto age = parse_duration(options->older_than);
      if (!age)
        return console.reject({problem(fmt::format("--older-than is `{}`", options->older_than),
                                       "expected a duration such as 12h or 30d")},
                              kCommand);
      cutoff = before(*age);
    }
    const Result<std::shared_ptr<Store>> store = open_store(where);
    if (!store) return console.reject(store.problems(), kCommand);
    Swept swept = sweep(**store, *options, cutoff);
    if (console.json())
      console.print_json(Object{
          {"schema_version", 1                       },
          {"command",        kCommand                },
          {"dry_run",        options->dry_run        },
          {"dropped",        std::move(swept.dropped)},
          {"in_use",         std::move(swept.in_use) },
          {"kept",           swept.kept              },
          {"calls",          swept.calls             },
          {"bytes_freed",    swept.bytes             }
      });
    else
      print(swept, *options, console);
    return ExitCode::passed;
  };
}

}  // namespace llmops
