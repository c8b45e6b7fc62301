// Completion scripts for shells.
#include "cli/completion.h"

#include <CLI/CLI.hpp>
#include <memory>

#include "cli/command.h"
#include "cli/manual.h"
#include "datasets/text/value.h"

namespace llmops {
namespace {

RunCommand declare(CLI::App& app) {
  auto shell = std::make_shared<std::string>();
  app.add_option("SHELL", *shell, "whose script")
      ->required()
      ->check(CLI::IsMember(std::vector<std::string>(std::begin(kShells), std::end(kShells))));
  return [&app, shell](Console& console) {
    std::string script = completion_script(read_manual(*app.get_parent()), *shell);
    if (console.json())
      console.print_json(Object{
          {"schema_version", 1                },
          {"command",        "completion"     },
          {"shell",          *shell           },
          {"script",         std::move(script)}
      });
    else
      console.print(script);
    return ExitCode::passed;
  };
}

}  // namespace

extern const CommandInfo kCompletionCommand;
constexpr CommandInfo kCompletionCommand{
    .name = "completion",
    .summary = "Print the completion script of a shell",
    .examples =
        "  source <(llmops completion bash)\n"
        "  llmops completion fish > ~/.config/fish/completions/llmops.fish\n",
    .declare = &declare,
};

}  // namespace llmops
