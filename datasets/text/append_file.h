#pragma once
#include <filesystem>
#include <string_view>

namespace llmops {

// A file of lines that only grows. Each line goes out whole and at once: processes that share the
// file do not mix theirs, and a killed one loses none.
class AppendFile {
 public:
  // Opened by the first line, or by `open`. Both throw std::runtime_error that names the file.
  explicit AppendFile(std::filesystem::path file) : file_(std::move(file)) {}
  ~AppendFile();
  AppendFile(const AppendFile&) = delete;
  AppendFile& operator=(const AppendFile&) = delete;

  void open();
  void write(std::string_view line);  // with its line break

 private:
  std::filesystem::path file_;
  int descriptor_ = -1;
};

}  // namespace llmops
