#include "cli/store_option.h"

#include <fmt/format.h>

namespace llmops {

std::string store_problem(const std::string& store) {
  const std::size_t scheme = store.find("://");
  if (scheme == std::string::npos) return "";
  return fmt::format("expected a folder: this program has no store for `{}` addresses",
                     store.substr(0, scheme));
}

}  // namespace llmops
