#include "datasets/text/temporary_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <system_error>

namespace llmops {
namespace {

[[noreturn]] void fail(std::string_view what) {
  throw std::system_error(errno, std::generic_category(), fmt::format("temporary file: {}", what));
}

}  // namespace

TemporaryFile::TemporaryFile() {
  std::string path = (std::filesystem::temp_directory_path() / "llmops-XXXXXX").string();
  handle_ = ::mkostemp(path.data(), O_CLOEXEC);
  if (handle_ < 0) fail(path);
  ::unlink(path.c_str());
}

TemporaryFile::~TemporaryFile() { ::close(handle_); }

void TemporaryFile::append(std::string_view bytes) {
  constexpr std::size_t kPiece = std::size_t{1} << 16;
  pending_ += bytes;
  if (pending_.size() >= kPiece) flush();
}

void TemporaryFile::flush() {
  std::string_view bytes = pending_;
  while (!bytes.empty()) {
    const ssize_t written =
        ::pwrite(handle_, bytes.data(), bytes.size(), static_cast<off_t>(size_));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("cannot write");
    size_ += static_cast<std::uint64_t>(written);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  pending_.clear();
}

void TemporaryFile::read(std::uint64_t offset, char* buffer, std::size_t size) const {
  while (size > 0) {
    const ssize_t got = ::pread(handle_, buffer, size, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail("cannot read");
    if (got == 0) throw std::logic_error("read beyond the end of a temporary file");
    offset += static_cast<std::uint64_t>(got);
    buffer += got;
    size -= static_cast<std::size_t>(got);
  }
}

}  // namespace llmops
