#pragma once
// Finding the store and its runs from a command line.

#include <filesystem>
#include <memory>
#include <string>

#include "datasets/text/result.h"
#include "evaluators/store/store.h"

namespace CLI {
class App;
}

namespace llmops {

struct StoreOptions {
  std::string store;  // --store
  std::string suite;  // --suite: its folder holds the store
};

void declare_store_options(CLI::App& app, StoreOptions& options);

// The store that --store, --suite, $LLMOPS_HOME or the present folder names; a problem where none
// lies there.
Result<std::shared_ptr<Store>> open_store(const StoreOptions& options);

// A stored run (id, unique prefix, `last`), or where a file of that name lies the baseline in it.
Result<std::shared_ptr<const RunSource>> open_run_or_baseline(const Store& store,
                                                              const std::string& name);

}  // namespace llmops
