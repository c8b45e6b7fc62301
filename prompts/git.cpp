#include "prompts/git.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <git2.h>

#include <algorithm>
#include <ctime>
#include <functional>

namespace llmops {
namespace fs = std::filesystem;
namespace {

template <typename T, void (*free)(T*)>
struct Freed {
  void operator()(T* object) const { free(object); }
};
template <typename T, void (*free)(T*)>
using Owned = std::unique_ptr<T, Freed<T, free>>;

using Repository = Owned<git_repository, git_repository_free>;
using Commit = Owned<git_commit, git_commit_free>;
using ObjectHandle = Owned<git_object, git_object_free>;
using Tree = Owned<git_tree, git_tree_free>;
using Entry = Owned<git_tree_entry, git_tree_entry_free>;
using Blob = Owned<git_blob, git_blob_free>;
using Walk = Owned<git_revwalk, git_revwalk_free>;

// libgit2 counts how often it was started. It refuses repositories of other users because hooks and
// settings of such a repository could run programs; reading objects runs none, and in containers
// the owner is often another.
struct Library {
  Library() {
    git_libgit2_init();
    git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
  }
  ~Library() { git_libgit2_shutdown(); }
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;
};

std::string text(const git_oid& id) {
  char buffer[GIT_OID_HEXSZ + 1] = {};
  git_oid_tostr(buffer, sizeof buffer, &id);
  return buffer;
}

GitCommit described(git_commit* commit) {
  GitCommit made;
  made.id = text(*git_commit_id(commit));
  const git_signature* author = git_commit_author(commit);
  if (author->name != nullptr) made.author = author->name;
  made.date = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                          fmt::gmtime(static_cast<std::time_t>(author->when.time)));
  if (const char* summary = git_commit_summary(commit)) made.summary = summary;
  return made;
}

Tree tree_of(git_commit* commit) {
  git_tree* tree = nullptr;
  if (git_commit_tree(&tree, commit) != 0) return nullptr;
  return Tree(tree);
}

Entry entry_at(git_tree* tree, const std::string& path) {
  git_tree_entry* entry = nullptr;
  if (tree == nullptr || git_tree_entry_bypath(&entry, tree, path.c_str()) != 0) return nullptr;
  return Entry(entry);
}

}  // namespace

struct GitRepository::Handle {
  Library library;
  Repository repository;
  fs::path root;

  // A path as git stores it, from the root of the work tree; nullopt: outside.
  // The last part is not followed where it is a link: a revision may have something else there.
  std::optional<std::string> below(const fs::path& file) const {
    const auto from_root = [&](const fs::path& path) -> std::optional<std::string> {
      const fs::path relative = path.lexically_normal().lexically_relative(root);
      if (relative.empty() || *relative.begin() == "..") return std::nullopt;
      return relative.generic_string();
    };
    const fs::path absolute = fs::absolute(file).lexically_normal();
    if (std::optional<std::string> plain = from_root(absolute)) return plain;
    std::error_code error;
    const fs::path real = fs::weakly_canonical(absolute.parent_path(), error) / absolute.filename();
    return error ? std::nullopt : from_root(real);
  }

  Commit open(const std::string& id) const {
    git_oid oid;
    git_commit* commit = nullptr;
    if (git_oid_fromstr(&oid, id.c_str()) != 0 ||
        git_commit_lookup(&commit, repository.get(), &oid) != 0)
      return nullptr;
    return Commit(commit);
  }
};

namespace {

class Revision final : public FileTree {
 public:
  using Below = std::function<std::optional<std::string>(const fs::path&)>;
  Revision(std::shared_ptr<const void> keeps, git_repository* repository, Tree tree, Below below,
           std::string label)
      : keeps_(std::move(keeps)),
        repository_(repository),
        tree_(std::move(tree)),
        below_(std::move(below)),
        label_(std::move(label)) {}

  bool exists(const fs::path& file) const override { return entry(file) != nullptr; }

  Result<Source> read(const fs::path& file, std::size_t most) const override {
    const std::string name = file.string() + "@" + label_;
    const auto problem_of = [&](std::string what) {
      Diagnostic found = problem(std::move(what));
      found.file = name;
      return found;
    };
    const Entry found = entry(file);
    if (!found) return problem_of(fmt::format("no such file at {}", label_));
    git_blob* opened = nullptr;
    const git_filemode_t mode = git_tree_entry_filemode(found.get());
    if (mode == GIT_FILEMODE_LINK)
      return problem_of("is a link: links of other revisions are not followed");
    if (mode == GIT_FILEMODE_TREE ||
        git_blob_lookup(&opened, repository_, git_tree_entry_id(found.get())) != 0)
      return problem_of("is no file");
    const Blob blob(opened);
    const std::size_t size = git_blob_rawsize(blob.get());
    if (size > most) return problem_of(fmt::format("is larger than {} bytes", most));
    return Source(name,
                  std::string(static_cast<const char*>(git_blob_rawcontent(blob.get())), size));
  }

  std::vector<fs::path> files(const fs::path& folder) const override {
    std::vector<fs::path> found;
    const Entry at = entry(folder);
    git_tree* opened = nullptr;
    if (!at || git_tree_entry_type(at.get()) != GIT_OBJECT_TREE ||
        git_tree_lookup(&opened, repository_, git_tree_entry_id(at.get())) != 0)
      return found;
    const Tree tree(opened);
    for (std::size_t i = 0; i < git_tree_entrycount(tree.get()); ++i) {
      const git_tree_entry* each = git_tree_entry_byindex(tree.get(), i);
      if (git_tree_entry_type(each) == GIT_OBJECT_BLOB)
        found.push_back(folder / git_tree_entry_name(each));
    }
    std::ranges::sort(found);
    return found;
  }

  bool inside(const fs::path& file, const fs::path& folder) const override {
    const fs::path below = fs::absolute(file).lexically_normal().lexically_relative(
        (fs::absolute(folder) / "").lexically_normal());
    return !below.empty() && *below.begin() != "..";
  }

 private:
  Entry entry(const fs::path& file) const {
    const std::optional<std::string> path = below_(file);
    return path ? entry_at(tree_.get(), *path) : nullptr;
  }

  std::shared_ptr<const void> keeps_;
  git_repository* repository_;
  Tree tree_;
  Below below_;
  std::string label_;
};

}  // namespace

GitRepository::GitRepository(std::shared_ptr<Handle> handle, fs::path root)
    : handle_(std::move(handle)), root_(std::move(root)) {}

std::shared_ptr<const GitRepository> GitRepository::find(const fs::path& path) {
  auto handle = std::make_shared<Handle>();
  fs::path start = fs::absolute(path);
  std::error_code ignored;
  while (!fs::is_directory(start, ignored) && start.has_relative_path())
    start = start.parent_path();
  git_repository* opened = nullptr;
  if (git_repository_open_ext(&opened, start.c_str(), 0, nullptr) != 0) return nullptr;
  handle->repository.reset(opened);
  const char* folder = git_repository_workdir(opened);
  if (folder == nullptr) return nullptr;  // a bare repository has no prompts of ours
  handle->root = fs::weakly_canonical(fs::path(folder) / ".", ignored);
  if (!handle->root.has_filename()) handle->root = handle->root.parent_path();
  const fs::path root = handle->root;
  return std::shared_ptr<const GitRepository>(new GitRepository(std::move(handle), root));
}

std::optional<GitCommit> GitRepository::commit(const std::string& revision) const {
  git_object* found = nullptr;
  if (revision.empty() ||
      git_revparse_single(&found, handle_->repository.get(), revision.c_str()) != 0)
    return std::nullopt;
  const ObjectHandle object(found);
  git_object* peeled = nullptr;
  if (git_object_peel(&peeled, object.get(), GIT_OBJECT_COMMIT) != 0) return std::nullopt;
  const Commit commit(reinterpret_cast<git_commit*>(peeled));
  return described(commit.get());
}

std::string GitRepository::user() const {
  git_config* opened = nullptr;
  if (git_repository_config_snapshot(&opened, handle_->repository.get()) != 0) return "";
  const Owned<git_config, git_config_free> config(opened);
  const char* name = nullptr;
  return git_config_get_string(&name, opened, "user.name") == 0 && name != nullptr ? name : "";
}

std::unique_ptr<FileTree> GitRepository::tree(const GitCommit& commit,
                                              const std::string& label) const {
  const Commit opened = handle_->open(commit.id);
  Tree tree = opened ? tree_of(opened.get()) : nullptr;
  const std::shared_ptr<Handle> handle = handle_;
  return std::make_unique<Revision>(
      handle, handle->repository.get(), std::move(tree),
      [handle](const fs::path& file) { return handle->below(file); }, label);
}

std::vector<GitCommit> GitRepository::history(const std::string& revision, const fs::path& file,
                                              std::size_t most) const {
  std::vector<GitCommit> found;
  const std::optional<std::string> path = handle_->below(file);
  const std::optional<GitCommit> start = commit(revision);
  git_revwalk* opened = nullptr;
  if (!path || !start || git_revwalk_new(&opened, handle_->repository.get()) != 0) return found;
  const Walk walk(opened);
  git_revwalk_sorting(walk.get(), GIT_SORT_TOPOLOGICAL | GIT_SORT_TIME);
  git_oid oid;
  if (git_oid_fromstr(&oid, start->id.c_str()) != 0 || git_revwalk_push(walk.get(), &oid) != 0)
    return found;

  const auto content = [&](git_commit* at) {
    const Tree tree = tree_of(at);
    const Entry entry = entry_at(tree.get(), *path);
    return entry ? text(*git_tree_entry_id(entry.get())) : std::string();
  };
  while (found.size() < most && git_revwalk_next(&oid, walk.get()) == 0) {
    const Commit each = handle_->open(text(oid));
    if (!each) break;
    const std::string mine = content(each.get());
    bool changed = !mine.empty();
    for (unsigned i = 0; i < git_commit_parentcount(each.get()); ++i) {
      git_commit* parent = nullptr;
      if (git_commit_parent(&parent, each.get(), i) != 0) continue;  // a shallow clone ends here
      const Commit owned(parent);
      const std::string theirs = content(parent);
      changed = i == 0 ? mine != theirs : changed && mine != theirs;
    }
    if (changed) found.push_back(described(each.get()));
  }
  return found;
}

}  // namespace llmops
