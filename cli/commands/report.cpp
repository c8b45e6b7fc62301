// Reports of a stored run, decided by the suite that made it where its gate and baseline are still
// there.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "ci/baseline.h"
#include "cli/command.h"
#include "cli/outputs.h"
#include "cli/stored.h"
#include "cli/suite.h"

namespace llmops {
namespace {

struct Options {
  std::string run = "last";
  StoreOptions store;
  std::string baseline;
  OutputFiles files;
};

ExitCode run(const Options& options, Console& console) {
  const Result<std::shared_ptr<Store>> store = open_store(options.store);
  if (!store) return console.reject(store.problems(), "report");
  const Result<StoredRunInfo> found = (*store)->find_run(options.run);
  if (!found) return console.reject(found.problems(), "report");

  std::optional<GateSpec> gate;
  std::shared_ptr<const RunSource> baseline;
  const Value* stored_suite = found->spec.find("suite");
  const std::string file = !options.store.suite.empty() ? options.store.suite
                           : stored_suite != nullptr    ? to_text(*stored_suite)
                                                        : "";
  SuiteOverrides overrides;
  if (!options.baseline.empty()) overrides.baseline = options.baseline;
  Result<Suite> suite = load_suite(file, overrides);
  if (!suite && (!options.store.suite.empty() || !options.baseline.empty()))
    return console.reject(suite.problems(), "report");
  if (suite && suite->gate && !found->verdict.is_null()) {
    gate = std::move(suite->gate);
    if (gate->baseline) {
      Result<std::shared_ptr<const RunSource>> opened = open_baseline(*gate->baseline);
      if (!opened) return console.reject(opened.problems(), "report");
      baseline = *std::move(opened);
    }
  } else if (!suite) {
    console.note("the suite of this run is not there any more: no gate in this report");
  }
  const Decided decided =
      decide_run(**store, found->header, gate ? &*gate : nullptr, std::move(baseline));
  publish(**store, decided, gate ? &*gate : nullptr, "report", options.files, console);
  return ExitCode::passed;  // a report is no gate
}

RunCommand declare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("RUN", options->run, "a stored run: id, unique prefix, or `last`")
      ->capture_default_str();
  declare_store_options(app, options->store);
  app.add_option("--baseline", options->baseline, "another baseline file")->type_name("FILE");
  declare_output_options(app, options->files);
  return [options](Console& console) { return run(*options, console); };
}

}  // namespace

extern const CommandInfo kReportCommand;
constexpr CommandInfo kReportCommand{
    .name = "report",
    .summary = "Write HTML, Markdown, JUnit, CSV of a stored run",
    .examples =
        "  llmops report last --html report.html\n  llmops report last --markdown comment.md "
        "--junit junit.xml\n",
    .declare = &declare,
};

}  // namespace llmops
