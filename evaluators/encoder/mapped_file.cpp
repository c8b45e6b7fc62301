#include "evaluators/encoder/mapped_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

namespace llmops {
namespace {

Diagnostic unreadable(const std::filesystem::path& path, std::string_view why) {
  Diagnostic found = problem(fmt::format("cannot read the file: {}", why));
  found.file = path.string();
  return found;
}

}  // namespace

Result<std::shared_ptr<const MappedFile>> MappedFile::open(const std::filesystem::path& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return unreadable(path, std::strerror(errno));
  struct stat facts {};
  if (::fstat(file, &facts) != 0 || !S_ISREG(facts.st_mode)) {
    ::close(file);
    return unreadable(path, "not a regular file");
  }
  const auto size = static_cast<std::size_t>(facts.st_size);
  void* data = nullptr;
  if (size > 0) data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file, 0);
  const int error = errno;
  ::close(file);
  if (data == MAP_FAILED) return unreadable(path, std::strerror(error));
  return std::shared_ptr<const MappedFile>(
      new MappedFile(path, static_cast<const char*>(data), size));
}

MappedFile::~MappedFile() {
  if (size_ > 0) ::munmap(const_cast<char*>(data_), size_);
}

namespace {

// Tells the kernel about the pages from `begin` to `end`. Only a hint: a failure costs memory or
// time, nothing else.
void advise(std::uintptr_t begin, std::uintptr_t end, int advice) {
  if (begin < end) ::madvise(reinterpret_cast<void*>(begin), end - begin, advice);
}

const auto kPage = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));

}  // namespace

void MappedFile::forget(std::string_view part) const {
  const auto begin = reinterpret_cast<std::uintptr_t>(part.data());
  advise((begin + kPage - 1) / kPage * kPage, (begin + part.size()) / kPage * kPage, MADV_DONTNEED);
}

void MappedFile::expect(std::string_view part) const {
  const auto begin = reinterpret_cast<std::uintptr_t>(part.data());
  advise(begin / kPage * kPage, begin + part.size(), MADV_WILLNEED);
}

}  // namespace llmops
