#pragma once
// Completion scripts for shells, from the table of flags.

#include <string>
#include <string_view>
#include <vector>

#include "cli/manual.h"

namespace llmops {

inline constexpr std::string_view kShells[] = {"bash", "zsh", "fish"};

// A whole script for one of `kShells`, to be sourced or installed where that shell looks.
std::string completion_script(const Manual& program, std::string_view shell);

}  // namespace llmops
