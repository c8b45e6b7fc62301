#pragma once
// Manual pages in the man(7) macros, from the table of flags.

#include <string>
#include <string_view>

#include "cli/manual.h"

namespace llmops {

// "llmops-runs-list.1"
std::string man_page_name(const Manual& manual);
// The page of one command; its subcommands are sections of it. `version`: "0.1.0".
std::string man_page(const Manual& manual, std::string_view version);

}  // namespace llmops
