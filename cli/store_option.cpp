#include "cli/store_option.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

namespace llmops {
namespace {

// What is wrong with a store as it was written; "" where nothing is.
std::string store_problem(const std::string& store) {
  const std::size_t scheme = store.find("://");
  if (scheme == std::string::npos) return "";
  return fmt::format("expected a folder: this program has no store for `{}` addresses",
                     store.substr(0, scheme));
}

}  // namespace

CLI::Option* declare_store_option(CLI::App& app, std::string& store, const std::string& beside) {
  return app
      .add_option("--store", store,
                  fmt::format("folder of the store (default: .llmops {})", beside))
      ->type_name("DIR")
      ->check(&store_problem);
}

}  // namespace llmops
