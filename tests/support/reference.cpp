#include "tests/support/reference.h"

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "datasets/text/files.h"

namespace llmops::test {
namespace fs = std::filesystem;

std::optional<fs::path> shared(const fs::path& below) {
  const char* given = std::getenv("LLMOPS_SHARED");
  const fs::path root =
      given != nullptr ? fs::path(given) : fs::path(LLMOPS_SOURCE_DIR).parent_path() / "shared";
  if (fs::exists(root / below)) return root / below;
  std::printf("[skipped] %s is not here (LLMOPS_SHARED names the folder)\n",
              (root / below).c_str());
  return std::nullopt;
}

fs::path repository(const fs::path& below) { return fs::path(LLMOPS_SOURCE_DIR) / below; }

TemporaryFolder::TemporaryFolder() {
  std::string pattern = (fs::temp_directory_path() / "llmops-test-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr)
    throw std::runtime_error("cannot make a temporary folder");
  path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

fs::path TemporaryFolder::write(const fs::path& name, std::string_view content) const {
  const fs::path file = path_ / name;
  write_atomically(file, content);
  return file;
}

std::string shortened(std::string text, const fs::path& file) {
  const std::string name = file.filename().string();
  for (std::size_t at = 0; (at = text.find(file.string(), at)) != std::string::npos;
       at += name.size())
    text.replace(at, file.string().size(), name);
  return text;
}

}  // namespace llmops::test
