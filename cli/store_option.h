#pragma once
#include <string>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace llmops {

// --store DIR, the same everywhere: an address (`postgres://...`) is refused. `beside`: of what the
// folder lies when it is not named.
CLI::Option* declare_store_option(CLI::App& app, std::string& store, const std::string& beside);

}  // namespace llmops
