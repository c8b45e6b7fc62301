#pragma once
#include <cstddef>
#include <filesystem>
#include <memory>
#include <string_view>

#include "datasets/text/result.h"

namespace llmops {

// A file as read-only memory; pages come in when they are touched. A file that shrinks while it is
// mapped ends the program (SIGBUS), as everywhere else.
class MappedFile {
 public:
  static Result<std::shared_ptr<const MappedFile>> open(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::string_view bytes() const { return {data_, size_}; }
  // Gives the pages that lie wholly inside `part` back; they come in again when touched.
  void forget(std::string_view part) const;
  // Starts reading `part` from the disk.
  void expect(std::string_view part) const;

 private:
  MappedFile(std::filesystem::path path, const char* data, std::size_t size)
      : path_(std::move(path)), data_(data), size_(size) {}
  std::filesystem::path path_;
  const char* data_;
  std::size_t size_;
};

}  // namespace llmops
