// What can be named in a suite: evaluators, providers, reports.
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "ci/reports/report.h"
#include "cli/command.h"
#include "evaluators/metric.h"
#include "evaluators/providers/provider.h"

namespace llmops {
namespace {

template <typename Infos>
void add_section(std::string_view title, const Infos& infos, Object& document, std::string& text) {
  List items;
  text += fmt::format("{}\n", title);
  for (const auto* info : infos) {
    items.push_back(Object{
        {"name",    info->name   },
        {"summary", info->summary}
    });
    text += fmt::format("  {:<20} {}\n", info->name, info->summary);
  }
  document.add(std::string(title), std::move(items));
}

ExitCode run(Console& console) {
  Object document{
      {"schema_version", 1     },
      {"command",        "list"}
  };
  std::string text;
  add_section("evaluators", metrics(), document, text);
  add_section("providers", providers(), document, text);
  add_section("reports", reports(), document, text);
  if (console.json())
    console.print_json(document);
  else
    console.print(text);
  return ExitCode::passed;
}

RunCommand declare(CLI::App&) { return &run; }

}  // namespace

extern const CommandInfo kListCommand;
constexpr CommandInfo kListCommand{
    .name = "list",
    .summary = "Evaluators, providers and reports that can be named",
    .examples = "  llmops list\n  llmops list --json\n",
    .declare = &declare,
};

}  // namespace llmops
