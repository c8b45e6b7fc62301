#include "cli/store_option.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "evaluators/store/database.h"

namespace llmops {
namespace {

// What is wrong with a store as it was written; "" where nothing is.
std::string store_problem(const std::string& store) {
  const std::size_t scheme = store.find("://");
  if (scheme == std::string::npos || is_server_store(store)) return "";
  return fmt::format("expected a folder or postgresql://...: there is no store for `{}` addresses",
                     store.substr(0, scheme));
}

}  // namespace

CLI::Option* declare_store_option(CLI::App& app, std::string& store, const std::string& beside) {
  return app
      .add_option("--store", store,
                  fmt::format("folder of the store, or postgresql://HOST/DATABASE (default: "
                              ".llmops {})",
                              beside))
      ->type_name("PLACE")
      ->check(&store_problem);
}

}  // namespace llmops
