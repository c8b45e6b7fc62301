#include "evaluators/metrics/code_exec/process_tree.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>
#include <vector>

namespace llmops {
namespace {

std::uint64_t own_memory(pid_t pid) {
  std::ifstream status(fmt::format("/proc/{}/status", pid));
  std::uint64_t kilobytes = 0;
  for (std::string word; status >> word;) {
    if (word != "RssAnon:" && word != "RssShmem:") continue;
    std::uint64_t value = 0;
    status >> value;
    kilobytes += value;
  }
  return kilobytes << 10;
}

// A process may start children from any of its threads.
void add_children(pid_t pid, std::vector<pid_t>& found) {
  std::error_code gone;
  for (std::filesystem::directory_iterator task(fmt::format("/proc/{}/task", pid), gone), end;
       !gone && task != end; task.increment(gone)) {
    std::ifstream children(task->path() / "children");
    for (pid_t child = 0; children >> child;) found.push_back(child);
  }
}

}  // namespace

std::uint64_t tree_memory(pid_t root) {
  std::uint64_t bytes = 0;
  std::vector<pid_t> left = {root};
  while (!left.empty()) {
    const pid_t pid = left.back();
    left.pop_back();
    bytes += own_memory(pid);
    add_children(pid, left);
  }
  return bytes;
}

}  // namespace llmops
