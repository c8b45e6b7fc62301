#pragma once
// The bytes of a fuzz input as a file, removed at the end.

#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

namespace llmops {

class InputFile {
 public:
  // `extension`: where it says what the file is.
  InputFile(const std::uint8_t* data, std::size_t size, const std::string& extension = "")
      : path_(std::filesystem::temp_directory_path() /
              ("llmops-fuzz-input-" + std::to_string(::getpid()) + extension)) {
    std::FILE* file = std::fopen(path_.c_str(), "wb");
    if (file == nullptr || std::fwrite(data, 1, size, file) != size) std::abort();
    std::fclose(file);
  }
  ~InputFile() { std::remove(path_.c_str()); }
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace llmops
