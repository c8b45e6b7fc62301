// Manual pages.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>

#include "cli/command.h"
#include "cli/man_page.h"
#include "datasets/text/files.h"
#include "datasets/text/value.h"

namespace llmops {
namespace {

struct Options {
  std::string command;
  std::string folder;
};

ExitCode write_all(const Manual& program, const std::string& folder, Console& console) {
  List written;
  const auto write = [&](const Manual& manual) {
    const std::filesystem::path file = std::filesystem::path(folder) / man_page_name(manual);
    write_atomically(file, man_page(manual, LLMOPS_VERSION));
    written.push_back(file.string());
  };
  write(program);
  for (const Manual& command : program.commands) write(command);
  if (console.json())
    console.print_json(Object{
        {"schema_version", 1                 },
        {"command",        "man"             },
        {"files",          std::move(written)}
    });
  else
    for (const Value& file : written) console.print("wrote " + to_text(file) + "\n");
  return ExitCode::passed;
}

ExitCode run(const Manual& program, const Options& options, Console& console) {
  if (!options.folder.empty()) return write_all(program, options.folder, console);
  const Manual* wanted = &program;
  if (!options.command.empty()) {
    std::vector<std::string_view> names;
    wanted = nullptr;
    for (const Manual& command : program.commands) {
      names.emplace_back(command.name);
      if (command.name == options.command) wanted = &command;
    }
    if (wanted == nullptr)
      return console.reject({problem(fmt::format("unknown command `{}`", options.command),
                                     expected_one_of(names), did_you_mean(options.command, names))},
                            "man");
  }
  std::string page = man_page(*wanted, LLMOPS_VERSION);
  if (console.json())
    console.print_json(Object{
        {"schema_version", 1                     },
        {"command",        "man"                 },
        {"name",           man_page_name(*wanted)},
        {"page",           std::move(page)       }
    });
  else
    console.print(page);
  return ExitCode::passed;
}

RunCommand declare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("COMMAND", options->command, "whose page; the program's own without it");
  app.add_option("--output-dir", options->folder, "write every page into this folder instead")
      ->type_name("DIR");
  return [&app, options](Console& console) {
    return run(read_manual(*app.get_parent()), *options, console);
  };
}

}  // namespace

extern const CommandInfo kManCommand;
constexpr CommandInfo kManCommand{
    .name = "man",
    .summary = "Print or write manual pages",
    .examples = "  llmops man eval | man -l -\n  llmops man --output-dir share/man/man1\n",
    .declare = &declare,
};

}  // namespace llmops
