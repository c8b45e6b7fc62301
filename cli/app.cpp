#include "cli/app.h"

#include <fmt/format.h>
#include <signal.h>

#include <CLI/CLI.hpp>
#include <exception>
#include <memory>
#include <stdexcept>

#include "cli/build_facts.h"
#include "cli/command.h"
#include "cli/exit_code.h"
#include "datasets/text/diagnostic.h"
#include "datasets/text/utf8.h"

namespace llmops {

#define LLMOPS_COMMAND(info) extern const CommandInfo info;
#include "cli/commands/commands.def"
#undef LLMOPS_COMMAND

std::span<const CommandInfo* const> commands() {
  static constexpr const CommandInfo* kAll[] = {
#define LLMOPS_COMMAND(info) &info,
#include "cli/commands/commands.def"
#undef LLMOPS_COMMAND
  };
  return kAll;
}

namespace {

std::string exit_code_lines() {
  std::string text = "Exit codes:\n";
  for (const ExitCodeLine& line : kExitCodeLines)
    text += fmt::format("  {}  {}\n", static_cast<int>(line.code), line.meaning);
  return text;
}

// "llmops runs list"
std::string as_typed(const CLI::App* app) {
  const std::string name = app->get_name();
  return app->get_parent() == nullptr ? name : as_typed(app->get_parent()) + " " + name;
}

// What the parser did not take, said in our words. CLI11's own codes never reach the user.
Diagnostic explain(const CLI::App& root, const CLI::ParseError& error) {
  const CLI::App* app = &root;
  for (bool deeper = true; deeper;) {
    deeper = false;
    for (const CLI::App* sub : app->get_subcommands()) {
      app = sub;
      deeper = true;
    }
  }
  std::vector<std::string> names;
  for (const CLI::Option* option : app->get_options())
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  if (app == &root)
    for (const CommandInfo* command : commands()) names.emplace_back(command->name);
  for (const CLI::App* sub : app->get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(sub->get_name());

  const std::vector<std::string> extras = root.remaining(true);
  // `stats paired`: what was meant as a subcommand is left over, and none is there.
  std::vector<std::string_view> subcommands;
  for (const CLI::App* sub : app->get_subcommands([](const CLI::App*) { return true; }))
    subcommands.push_back(sub->get_name());
  if (app != &root && !subcommands.empty() &&
      dynamic_cast<const CLI::RequiredError*>(&error) != nullptr) {
    const std::string given =
        extras.empty() || extras.front().starts_with("-") ? "" : extras.front();
    return problem(given.empty() ? fmt::format("`{}` needs to know what", as_typed(app))
                                 : fmt::format("unknown argument `{}`", given),
                   expected_one_of(subcommands), did_you_mean(given, subcommands));
  }
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
    const std::string given =
        extras.empty() ? "" : extras.front().substr(0, extras.front().find('='));
    const std::vector<std::string_view> views(names.begin(), names.end());
    const bool option = given.starts_with("-");
    return problem(fmt::format("unknown {} `{}`",
                               option         ? "option"
                               : app == &root ? "command"
                                              : "argument",
                               given),
                   option || app == &root ? expected_one_of(views) : "",
                   did_you_mean(given, views));
  }
  return problem(error.what(), "",
                 fmt::format("`{} --help` shows what is expected", as_typed(app)));
}

void print_build_facts(Console& console) {
  Object document{
      {"schema_version", 1}
  };
  document.add("build", build_facts());
  console.print_json(document);
}

ExitCode run(int argc, char** argv, Console& console) {
  CLI::App app{"May this change to a prompt, a model or a serving stack go out?", "llmops"};
  app.set_version_flag("--version", "llmops " LLMOPS_VERSION);
  app.require_subcommand(0, 1);
  app.footer(exit_code_lines());
  ConsoleOptions options;
  app.add_flag("--json", options.json, "with --version: what it was built from, as JSON");
  std::vector<std::pair<CLI::App*, RunCommand>> declared;
  for (const CommandInfo* command : commands()) {
    CLI::App* sub = app.add_subcommand(std::string(command->name), std::string(command->summary));
    sub->add_flag("--json", options.json, "one JSON document on stdout, nothing else there")
        ->group("Output");
    sub->add_flag("--quiet", options.quiet, "no progress and no notes on stderr")->group("Output");
    sub->add_flag("--no-color", options.no_color, "no colours (NO_COLOR does the same)")
        ->group("Output");
    sub->footer(fmt::format("Examples:\n{}\n{}", command->examples, exit_code_lines()));
    declared.emplace_back(sub, command->declare(*sub));
    // --json and its like are taken after a subcommand as well.
    for (CLI::App* nested : sub->get_subcommands([](const CLI::App*) { return true; }))
      nested->fallthrough();
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success&) {
    // --help, --version: their text goes to stdout.
    for (const CLI::App* sub : app.get_subcommands()) {
      const CLI::App* deepest =
          sub->get_subcommands().empty() ? sub : sub->get_subcommands().front();
      console.print(deepest->help());
      return ExitCode::passed;
    }
    if (app.count("--version") > 0 && app.count("--json") > 0)
      print_build_facts(console);
    else
      console.print(app.count("--version") > 0 ? "llmops " LLMOPS_VERSION "\n" : app.help());
    return ExitCode::passed;
  } catch (const CLI::ParseError& error) {
    console.configure(options);
    return console.reject({explain(app, error)}, "llmops");
  }
  console.configure(options);
  for (const auto& [sub, run_command] : declared)
    if (sub->parsed()) return run_command(console);
  console.print(app.help());
  return ExitCode::passed;
}

}  // namespace

int run_app(int argc, char** argv) {
  ::signal(SIGPIPE, SIG_IGN);
  Console console(stdout, stderr);
  try {
    return static_cast<int>(run(argc, argv, console));
  } catch (const std::logic_error& error) {
    console.write_error(fmt::format("this is a bug in llmops: {}\n", visible(error.what())));
    return static_cast<int>(ExitCode::bug);
  } catch (const std::exception& error) {
    console.write_error(fmt::format("error: {}\n", visible_lines(error.what())));
    return static_cast<int>(ExitCode::incomplete);
  }
}

}  // namespace llmops
