// The stored runs.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "ci/baseline.h"
#include "cli/command.h"
#include "cli/outputs.h"
#include "cli/report_context.h"
#include "cli/run_findings.h"
#include "cli/run_gc.h"
#include "cli/run_merge.h"
#include "cli/stored.h"
#include "datasets/text/files.h"
#include "datasets/text/json.h"
#include "datasets/text/utf8.h"

namespace llmops {
namespace {

struct Options {
  std::string run, output, format = "samples";
  StoreOptions store;
};

std::string text_of(const Object& from, std::string_view key) {
  const Value* found = from.find(key);
  return found == nullptr ? "" : to_text(*found);
}

Object info_value(const StoredRunInfo& info) {
  Object out{
      {"run",     to_value(info.header)},
      {"outcome", outcome_of(info)     }
  };
  if (!info.verdict.is_null()) out.add("verdict", info.verdict);
  return out;
}

ExitCode list(const Options& options, Console& console) {
  const Result<std::shared_ptr<Store>> store = open_store(options.store);
  if (!store) return console.reject(store.problems(), "runs list");
  List items;
  std::string text = fmt::format("{:<25} {:<20} {:<14} {:>7}  {}\n", "run", "created", "outcome",
                                 "cases", "prompt, model");
  for (const StoredRunInfo& info : (*store)->runs()) {
    const RunHeader& header = info.header;
    items.push_back(Object{
        {"id",       header.id          },
        {"created",  header.created     },
        {"suite",    header.suite       },
        {"outcome",  outcome_of(info)   },
        {"cases",    header.counts.cases},
        {"prompt",   header.prompt      },
        {"model",    header.model       },
        {"cost_usd", header.cost_usd    }
    });
    text +=
        visible(fmt::format("{:<25} {:<20} {:<14} {:>7}  {} {}, {}", header.id, header.created,
                            outcome_of(info), header.counts.cases, text_of(header.prompt, "name"),
                            text_of(header.prompt, "version"), text_of(header.model, "name"))) +
        "\n";
  }
  if (console.json())
    console.print_json(Object{
        {"schema_version", 1               },
        {"command",        "runs list"     },
        {"runs",           std::move(items)}
    });
  else
    console.print(text);
  return ExitCode::passed;
}

ExitCode show(const StoredRunInfo& info, const Store& store, Console& console) {
  if (console.json()) {
    Object out{
        {"schema_version", 1          },
        {"command",        "runs show"}
    };
    for (Member& member : info_value(info)) out.add(member.key, member.value);
    console.print_json(out);
    return ExitCode::passed;
  }
  const Decided decided = decide_run(store, info.header, nullptr, nullptr);
  const ReportInput input{.command = "runs show",
                          .run = info.header,
                          .summary = decided.summary,
                          .rows = *decided.run,
                          .outputs = decided.outputs.get(),
                          .warnings = decided.warnings};
  console.print(render_terminal(input, {.width = console.width(), .color = console.color()}));
  if (!info.verdict.is_null())
    console.print("stored verdict: " + visible(to_text(*info.verdict.find("headline"))) + "\n");
  return ExitCode::passed;
}

ExitCode export_run(const Options& options, const StoredRunInfo& info, const Store& store,
                    Console& console) {
  const auto write = [&](std::FILE* out) { write_samples(store, info.header, out); };
  if (options.format == "baseline") {
    if (options.output.empty())
      return console.reject({problem("a baseline goes to a file", "expected --output FILE")},
                            "runs export");
    write_baseline(*store.open_run(info.header), options.output,
                   Object{
                       {"outcome", outcome_of(info)}
    });
  } else if (options.output.empty()) {
    write(stdout);
  } else {
    write_atomically(options.output, write);
  }
  return ExitCode::passed;
}

RunCommand declare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.require_subcommand(1);
  declare_store_options(app, options->store);
  app.fallthrough();
  CLI::App* list_app = app.add_subcommand("list", "all of them, newest first");
  CLI::App* show_app = app.add_subcommand("show", "the figures of one");
  CLI::App* export_app =
      app.add_subcommand("export", "its samples as JSON lines, or a baseline file");
  CLI::App* compare_app = app.add_subcommand("compare", "the tested differences of two");
  CLI::App* trend_app = app.add_subcommand("trend", "measures over time, and where they changed");
  CLI::App* merge_app =
      app.add_subcommand("merge", "one run of the parts that `eval --shard` made, gated once");
  CLI::App* gc_app = app.add_subcommand("gc", "drop old runs and give their disk space back");
  CLI::App* drift_app = app.add_subcommand("drift", "how far the distributions of two lie apart");
  const StoreOptions& where = options->store;
  const std::vector<std::pair<CLI::App*, RunCommand>> findings = {
      {compare_app, declare_runs_compare(*compare_app, where)},
      {trend_app,   declare_runs_trend(*trend_app,     where)},
      {drift_app,   declare_runs_drift(*drift_app,     where)},
      {merge_app,   declare_runs_merge(*merge_app,     where)},
      {gc_app,      declare_runs_gc(*gc_app,           where)}
  };
  for (const auto& finding : findings) finding.first->fallthrough();
  for (CLI::App* sub : {show_app, export_app})
    sub->add_option("RUN", options->run, "id, unique prefix, or `last`")->required();
  for (CLI::App* sub : {list_app, show_app, export_app}) sub->fallthrough();
  export_app->add_option("--output", options->output, "the file (default: stdout)")
      ->type_name("FILE");
  export_app->add_option("--format", options->format, "what is written")
      ->check(CLI::IsMember({"samples", "baseline"}))
      ->capture_default_str();
  return [=](Console& console) {
    if (list_app->parsed()) return list(*options, console);
    for (const auto& finding : findings)
      if (finding.first->parsed()) return finding.second(console);
    const std::string command = show_app->parsed() ? "runs show" : "runs export";
    const Result<std::shared_ptr<Store>> store = open_store(options->store);
    if (!store) return console.reject(store.problems(), command);
    const Result<StoredRunInfo> info = (*store)->find_run(options->run);
    if (!info) return console.reject(info.problems(), command);
    return show_app->parsed() ? show(*info, **store, console)
                              : export_run(*options, *info, **store, console);
  };
}

}  // namespace

extern const CommandInfo kRunsCommand;
constexpr CommandInfo kRunsCommand{
    .name = "runs",
    .summary = "List, show, export, compare, merge, drop the stored runs; trends and drift",
    .examples =
        "  llmops runs list\n  llmops runs export last --output samples.jsonl\n"
        "  llmops runs gc --keep 20 --older-than 30d --dry-run\n",
    .declare = &declare,
};

}  // namespace llmops
