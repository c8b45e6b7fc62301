// Reports of a stored run, decided by the suite that made it where its gate and baseline are still
// there.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "cli/command.h"
#include "cli/outputs.h"
#include "cli/stored.h"
#include "cli/stored_gate.h"

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

  Result<StoredGate> gated = gate_of(*found, options.store.suite, options.baseline);
  if (!gated) return console.reject(gated.problems(), "report");
  if (gated->suite_gone)
    console.note("the suite of this run is not there any more: no gate in this report");
  const GateSpec* gate = gated->gate ? &*gated->gate : nullptr;
  const Decided decided = decide_run(**store, found->header, gate, std::move(gated->baseline));
  publish(**store, decided, gate, "report", options.files, console);
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
