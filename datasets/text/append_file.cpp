#include "datasets/text/append_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace llmops {

AppendFile::~AppendFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void AppendFile::open() {
  if (descriptor_ >= 0) return;
  descriptor_ = ::open(file_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (descriptor_ < 0)
    throw std::runtime_error(fmt::format("{}: {}", file_.string(), std::strerror(errno)));
}

void AppendFile::write(std::string_view line) {
  open();
  while (!line.empty()) {  // a pipe may take a part
    const ssize_t written = ::write(descriptor_, line.data(), line.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0)
      throw std::runtime_error(fmt::format("{}: {}", file_.string(), std::strerror(errno)));
    line.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace llmops
