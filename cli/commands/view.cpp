// The stored runs in a browser on this machine.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "cli/command.h"
#include "cli/evaluation.h"
#include "cli/local_server.h"
#include "cli/stored.h"
#include "cli/view_pages.h"

namespace llmops {
namespace {

ExitCode run(const StoreOptions& options, Console& console) {
  const Result<std::shared_ptr<Store>> store = open_store(options);
  if (!store) return console.reject(store.problems(), "view");
  ViewPages pages(*store);
  LocalServer server([&](const LocalRequest& request) { return pages.answer(request); });
  const std::atomic<int>& stop = interrupts();
  if (console.json())
    console.print_json(Object{
        {"schema_version", 1           },
        {"command",        "view"      },
        {"url",            server.url()}
    });
  else
    console.print(server.url() + "\n");
  console.note("open this address in a browser on this machine; Ctrl-C stops");
  server.run(stop);
  return ExitCode::passed;
}

RunCommand declare(CLI::App& app) {
  auto options = std::make_shared<StoreOptions>();
  declare_store_options(app, *options);
  return [options](Console& console) { return run(*options, console); };
}

}  // namespace

extern const CommandInfo kViewCommand;
constexpr CommandInfo kViewCommand{
    .name = "view",
    .summary = "Show the stored runs in a browser: history, trends, reports, comparisons",
    .examples = "  llmops view\n  llmops view --suite llmops.yaml\n",
    .declare = &declare,
};

}  // namespace llmops
