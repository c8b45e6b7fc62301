#include "prompts/file_tree.h"

#include <algorithm>

#include "datasets/text/files.h"

namespace llmops {
namespace fs = std::filesystem;
namespace {

class Disk final : public FileTree {
 public:
  bool exists(const fs::path& file) const override {
    std::error_code ignored;
    return fs::exists(file, ignored);
  }

  Result<Source> read(const fs::path& file, std::size_t most) const override {
    return read_source(file, most);
  }

  std::vector<fs::path> files(const fs::path& folder) const override {
    std::vector<fs::path> found;
    std::error_code error;
    for (auto entry = fs::directory_iterator(folder, error);
         !error && entry != fs::directory_iterator(); entry.increment(error))
      if (std::error_code ignored; !entry->is_directory(ignored)) found.push_back(entry->path());
    std::ranges::sort(found);
    return found;
  }

  bool inside(const fs::path& file, const fs::path& folder) const override {
    std::error_code error;
    const fs::path real = fs::weakly_canonical(fs::absolute(file), error);
    if (error) return false;
    const fs::path root = fs::weakly_canonical(fs::absolute(folder), error);
    if (error) return false;
    const fs::path below = real.lexically_relative(root);
    return !below.empty() && *below.begin() != "..";
  }
};

}  // namespace

const FileTree& disk() {
  static const Disk kDisk;
  return kDisk;
}

}  // namespace llmops
