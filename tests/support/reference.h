#pragma once
#include <filesystem>
#include <optional>
#include <string>

namespace llmops::test {

// The folder with reference vectors and real data: $LLMOPS_SHARED, else `shared` beside the
// repository. Where it is absent, prints "[skipped] ..." (the test counts as skipped) and returns
// nothing.
std::optional<std::filesystem::path> shared(const std::filesystem::path& below);

// A file of the repository, by its path from the root.
std::filesystem::path repository(const std::filesystem::path& below);

// A fresh empty folder, removed with everything in it at the end.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path write(const std::filesystem::path& name, std::string_view content) const;

 private:
  std::filesystem::path path_;
};

// `text` with every mention of `file` shortened to its name: messages about temporary files.
std::string shortened(std::string text, const std::filesystem::path& file);

}  // namespace llmops::test
