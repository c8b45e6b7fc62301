#pragma once
// Revisions of a git repository, read through libgit2. Nothing is checked out, written or run.

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "datasets/text/result.h"
#include "prompts/file_tree.h"

namespace llmops {

struct GitCommit {
  std::string id;       // 40 hexadecimal digits
  std::string author;   // name
  std::string date;     // of the author, UTC: 2025-11-15T09:30:00Z
  std::string summary;  // first line of the message
};

class GitRepository {
 public:
  // The repository that holds `path` (a file or folder, which need not exist), or nullptr.
  static std::shared_ptr<const GitRepository> find(const std::filesystem::path& path);

  // What `git rev-parse` takes: a branch, a tag, an id, `main~3`. nullopt: no such revision.
  std::optional<GitCommit> commit(const std::string& revision) const;

  // The files of a commit, under the paths that they have in the work tree. `label` stands behind
  // the names of its sources: "prompts/support.yaml@main~3".
  std::unique_ptr<FileTree> tree(const GitCommit& commit, const std::string& label) const;

  // Commits reachable from `revision` in which a file differs from every parent, newest first, at
  // most `most`.
  std::vector<GitCommit> history(const std::string& revision, const std::filesystem::path& file,
                                 std::size_t most = 1000) const;

  // `user.name` as git's configuration has it; "" where it has none.
  std::string user() const;

  const std::filesystem::path& root() const { return root_; }

 private:
  struct Handle;
  GitRepository(std::shared_ptr<Handle> handle, std::filesystem::path root);
  std::shared_ptr<Handle> handle_;
  std::filesystem::path root_;
};

}  // namespace llmops
