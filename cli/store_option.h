#pragma once
#include <string>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace llmops {

// --store PLACE, the same everywhere: a folder, or the address of a PostgreSQL database; other
// addresses are refused. `beside`: of what the folder lies when it is not named.
CLI::Option* declare_store_option(CLI::App& app, std::string& store, const std::string& beside);

}  // namespace llmops
