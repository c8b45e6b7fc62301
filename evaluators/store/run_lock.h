#pragma once
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace llmops {

class Database;

// One process at a time works on a run. The lock is the kernel's (flock), or the server's (an
// advisory lock of a connection of its own): it ends with the process, however that ends.
class RunLock {
 public:
  // nullopt: another process works on the run. Throws std::runtime_error where the store cannot be
  // written.
  static std::optional<RunLock> take(const std::filesystem::path& folder,
                                     const std::string& run_id);
  RunLock(RunLock&& other) noexcept;
  RunLock& operator=(RunLock&&) = delete;
  ~RunLock();

 private:
  RunLock(std::filesystem::path file, int descriptor);
  explicit RunLock(std::unique_ptr<Database> connection);
  std::filesystem::path file_;
  int descriptor_ = -1;
  std::unique_ptr<Database> connection_;  // that holds the server's lock
};

}  // namespace llmops
