#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace llmops {

// Bytes that outgrow memory: a file without a name in the system's temporary folder, gone when this
// object goes. Reading is safe from several threads once the writing is over. Throws
// std::system_error where the folder is not writable or full.
class TemporaryFile {
 public:
  TemporaryFile();
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  void append(std::string_view bytes);
  void flush();  // before the first read
  std::uint64_t size() const { return size_ + pending_.size(); }
  // Exactly `size` bytes from `offset` on.
  void read(std::uint64_t offset, char* buffer, std::size_t size) const;

 private:
  int handle_;
  std::uint64_t size_ = 0;  // written
  std::string pending_;
};

}  // namespace llmops
