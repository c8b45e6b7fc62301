#pragma once
#include <string>

namespace llmops {

// The present second, UTC, ISO 8601: 2025-11-15T09:30:00Z.
std::string now_utc();

}  // namespace llmops
