#pragma once
#include <sys/types.h>

#include <cstdint>

namespace llmops {

// Memory that a process and all its descendants hold for themselves, in bytes: anonymous and shared
// pages that are in memory (/proc/PID/status, RssAnon and RssShmem). 0 where it is gone.
std::uint64_t tree_memory(pid_t root);

}  // namespace llmops
