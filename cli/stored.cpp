#include "cli/stored.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "ci/baseline.h"
#include "cli/store_option.h"
#include "cli/suite.h"
#include "evaluators/store/database.h"

namespace llmops {

void declare_store_options(CLI::App& app, StoreOptions& options) {
  declare_store_option(app, options.store, "here or beside --suite");
  app.add_option("--suite", options.suite, "the suite whose folder holds the store")
      ->type_name("SUITE");
}

Result<std::shared_ptr<Store>> open_store(const StoreOptions& options) {
  const std::filesystem::path suite(options.suite);
  const std::filesystem::path beside =
      suite.has_parent_path() ? suite.parent_path() : std::filesystem::path(".");
  const std::filesystem::path folder =
      options.store.empty() ? state_folder(beside) : std::filesystem::path(options.store);
  if (!Store::exists(folder))
    return problem(fmt::format("no runs are stored in {}", shown_store(folder)), "",
                   "run `llmops eval` first, or name the place with --suite or --store");
  return std::make_shared<Store>(folder);
}

Result<std::shared_ptr<const RunSource>> open_run_or_baseline(const Store& store,
                                                              const std::string& name) {
  std::error_code ignored;
  if (std::filesystem::is_regular_file(name, ignored)) return open_baseline(name);
  const Result<StoredRunInfo> found = store.find_run(name);
  if (!found) return found.problems();
  return std::shared_ptr<const RunSource>(store.open_run(found->header));
}

}  // namespace llmops
