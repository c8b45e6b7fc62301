#include "cli/now.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>

namespace llmops {

std::string now_utc() {
  const auto now =
      std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now());
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(now));
}

}  // namespace llmops
