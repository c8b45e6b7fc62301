#pragma once
#include <filesystem>
#include <optional>
#include <string>

namespace llmops {

// One process at a time works on a run. The lock is the kernel's (flock): it ends with the process,
// however that ends.
class RunLock {
 public:
  // nullopt: another process works on the run. Throws std::runtime_error where the folder cannot be
  // written.
  static std::optional<RunLock> take(const std::filesystem::path& folder,
                                     const std::string& run_id);
  RunLock(RunLock&& other) noexcept;
  RunLock& operator=(RunLock&&) = delete;
  ~RunLock();

 private:
  RunLock(std::filesystem::path file, int descriptor)
      : file_(std::move(file)), descriptor_(descriptor) {}
  std::filesystem::path file_;
  int descriptor_;
};

}  // namespace llmops
