#pragma once
// Runs a program that nobody trusts: bubblewrap with new namespaces, so without network, without
// other processes and with nothing of this machine's files but a read-only /usr.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace llmops {

struct SandboxLimits {
  std::chrono::milliseconds time{10'000};     // of the wall clock, and of processor time
  std::uint64_t memory_bytes = 512ULL << 20;  // address space of each process; used by all together
  std::uint64_t output_bytes = 256ULL << 10;  // of stdout, and of stderr
  std::uint64_t disk_bytes = 64ULL << 20;     // of /work, of /tmp, and of each file
  int processes = 32;                         // and threads
};

struct SandboxRun {
  enum class End {
    exited,  // see `exit_code`
    killed,  // by a signal: 128 + its number is `exit_code`
    out_of_time,
    too_much_memory,
    too_much_output,
    not_started,  // the sandbox could not be made this time: `why`
  };
  End end = End::not_started;
  int exit_code = -1;
  std::string out, err;  // at most `output_bytes` each; untrusted
  std::string why;
};

// Why no sandbox can be had on this machine; absent where one can. Tried once, by running a program
// in it; Linux with user namespaces and the programs bwrap, prlimit and setpriv are needed.
const std::optional<std::string>& sandbox_problem();

// Runs `command` (found in /usr/bin) with `content` as the file /work/`name`, where it starts.
// stdin is empty. When this returns, every process of it is gone. Thread-safe.
SandboxRun run_sandboxed(const std::vector<std::string>& command, std::string_view name,
                         std::string_view content, const SandboxLimits& limits);

}  // namespace llmops
