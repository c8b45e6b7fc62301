#include "evaluators/store/run_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "evaluators/store/database.h"

namespace llmops {

std::optional<RunLock> RunLock::take(const std::filesystem::path& folder,
                                     const std::string& run_id) {
  if (is_server_store(folder)) {
    auto connection = std::make_unique<Database>(folder);
    Statement lock = connection->prepare(
        "SELECT CASE WHEN pg_try_advisory_lock(hashtextextended(?, 0)) THEN 1 ELSE 0 END");
    lock.bind(1, run_id).step();
    if (lock.integer(0) == 0) return std::nullopt;
    lock.reset();
    return RunLock(std::move(connection));
  }
  const std::filesystem::path file = folder / (run_id + ".lock");
  for (;;) {
    const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (descriptor < 0)
      throw std::runtime_error(fmt::format("{}: {}", file.string(), std::strerror(errno)));
    if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
      const int why = errno;
      ::close(descriptor);
      if (why == EWOULDBLOCK) return std::nullopt;
      throw std::runtime_error(fmt::format("{}: {}", file.string(), std::strerror(why)));
    }
    // Whoever held it before may have removed the file between our `open` and our `flock`.
    struct stat ours {
    }, named{};
    if (::fstat(descriptor, &ours) == 0 && ::stat(file.c_str(), &named) == 0 &&
        ours.st_ino == named.st_ino)
      return RunLock(file, descriptor);
    ::close(descriptor);
  }
}

RunLock::RunLock(std::filesystem::path file, int descriptor)
    : file_(std::move(file)), descriptor_(descriptor) {}

RunLock::RunLock(std::unique_ptr<Database> connection) : connection_(std::move(connection)) {}

RunLock::RunLock(RunLock&& other) noexcept
    : file_(std::move(other.file_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      connection_(std::move(other.connection_)) {}

RunLock::~RunLock() {
  if (descriptor_ < 0) return;
  std::error_code ignored;
  std::filesystem::remove(file_, ignored);
  ::close(descriptor_);
}

}  // namespace llmops
