#pragma once
// Where files are read from: the disk, or a revision of a git repository.

#include <filesystem>
#include <string>
#include <vector>

#include "datasets/text/result.h"
#include "datasets/text/source.h"

namespace llmops {

class FileTree {
 public:
  virtual ~FileTree() = default;
  virtual bool exists(const std::filesystem::path& file) const = 0;
  virtual Result<Source> read(const std::filesystem::path& file, std::size_t most) const = 0;
  // Files directly in a folder (no folders), sorted; empty where there is no such folder.
  virtual std::vector<std::filesystem::path> files(const std::filesystem::path& folder) const = 0;
  // True where `file` lies in `folder` or below it, links followed where the tree has them.
  virtual bool inside(const std::filesystem::path& file,
                      const std::filesystem::path& folder) const = 0;
};

// The disk. Lives as long as the program.
const FileTree& disk();

}  // namespace llmops
