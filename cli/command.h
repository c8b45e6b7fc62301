#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "cli/console.h"
#include "cli/exit_code.h"

namespace CLI {
class App;
}

namespace llmops {

using RunCommand = std::function<ExitCode(Console&)>;

// One file in cli/commands and one line in commands.def.
struct CommandInfo {
  std::string_view name;
  std::string_view summary;
  std::string_view examples;  // two real ones, shown by --help
  // Declares the options and returns what runs the command once they are parsed.
  RunCommand (*declare)(CLI::App& app);
};

std::span<const CommandInfo* const> commands();

}  // namespace llmops
