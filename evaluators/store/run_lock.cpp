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

namespace llmops {

std::optional<RunLock> RunLock::take(const std::filesystem::path& folder,
                                     const std::string& run_id) {
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

RunLock::RunLock(RunLock&& other) noexcept
    : file_(std::move(other.file_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

RunLock::~RunLock() {
  if (descriptor_ < 0) return;
  std::error_code ignored;
  std::filesystem::remove(file_, ignored);
  ::close(descriptor_);
}

}  // namespace llmops
