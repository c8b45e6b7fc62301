// libgit2's functions, loaded when a repository is first asked. A new one that is used needs its
// line here; the linker says so.
#include <git2.h>

#include <cstdarg>

#include "datasets/text/lazy_library.h"

namespace {

constexpr llmops::LazyLibrary kGit("libgit2.so." LIBGIT2_SOVERSION, "libgit2-" LIBGIT2_SOVERSION);

}  // namespace

LLMOPS_FORWARD(kGit, int, git_libgit2_init, (), ())
LLMOPS_FORWARD(kGit, int, git_libgit2_shutdown, (), ())
LLMOPS_FORWARD(kGit, int, git_libgit2_version, (int* major, int* minor, int* rev),
               (major, minor, rev))

LLMOPS_FORWARD(kGit, int, git_repository_open_ext,
               (git_repository * *out, const char* path, unsigned int flags,
                const char* ceiling_dirs),
               (out, path, flags, ceiling_dirs))
LLMOPS_FORWARD(kGit, const char*, git_repository_workdir, (const git_repository* repo), (repo))
LLMOPS_FORWARD(kGit, int, git_repository_config_snapshot, (git_config * *out, git_repository* repo),
               (out, repo))
LLMOPS_FORWARD(kGit, void, git_repository_free, (git_repository * repo), (repo))
LLMOPS_FORWARD(kGit, int, git_config_get_string,
               (const char** out, const git_config* cfg, const char* name), (out, cfg, name))
LLMOPS_FORWARD(kGit, void, git_config_free, (git_config * cfg), (cfg))

LLMOPS_FORWARD(kGit, int, git_revparse_single,
               (git_object * *out, git_repository* repo, const char* spec), (out, repo, spec))
LLMOPS_FORWARD(kGit, int, git_object_peel,
               (git_object * *peeled, const git_object* object, git_object_t target_type),
               (peeled, object, target_type))
LLMOPS_FORWARD(kGit, void, git_object_free, (git_object * object), (object))
LLMOPS_FORWARD(kGit, int, git_oid_fromstr, (git_oid * out, const char* str), (out, str))
LLMOPS_FORWARD(kGit, char*, git_oid_tostr, (char* out, size_t n, const git_oid* id), (out, n, id))

LLMOPS_FORWARD(kGit, int, git_commit_lookup,
               (git_commit * *commit, git_repository* repo, const git_oid* id), (commit, repo, id))
LLMOPS_FORWARD(kGit, const git_oid*, git_commit_id, (const git_commit* commit), (commit))
LLMOPS_FORWARD(kGit, const git_signature*, git_commit_author, (const git_commit* commit), (commit))
LLMOPS_FORWARD(kGit, const char*, git_commit_summary, (git_commit * commit), (commit))
LLMOPS_FORWARD(kGit, unsigned int, git_commit_parentcount, (const git_commit* commit), (commit))
LLMOPS_FORWARD(kGit, int, git_commit_parent,
               (git_commit * *out, const git_commit* commit, unsigned int n), (out, commit, n))
LLMOPS_FORWARD(kGit, int, git_commit_tree, (git_tree * *tree_out, const git_commit* commit),
               (tree_out, commit))
LLMOPS_FORWARD(kGit, void, git_commit_free, (git_commit * commit), (commit))

LLMOPS_FORWARD(kGit, int, git_revwalk_new, (git_revwalk * *out, git_repository* repo), (out, repo))
LLMOPS_FORWARD(kGit, int, git_revwalk_push, (git_revwalk * walk, const git_oid* id), (walk, id))
LLMOPS_FORWARD(kGit, int, git_revwalk_sorting, (git_revwalk * walk, unsigned int sort_mode),
               (walk, sort_mode))
LLMOPS_FORWARD(kGit, int, git_revwalk_next, (git_oid * out, git_revwalk* walk), (out, walk))
LLMOPS_FORWARD(kGit, void, git_revwalk_free, (git_revwalk * walk), (walk))

LLMOPS_FORWARD(kGit, int, git_tree_lookup,
               (git_tree * *out, git_repository* repo, const git_oid* id), (out, repo, id))
LLMOPS_FORWARD(kGit, size_t, git_tree_entrycount, (const git_tree* tree), (tree))
LLMOPS_FORWARD(kGit, const git_tree_entry*, git_tree_entry_byindex,
               (const git_tree* tree, size_t idx), (tree, idx))
LLMOPS_FORWARD(kGit, int, git_tree_entry_bypath,
               (git_tree_entry * *out, const git_tree* root, const char* path), (out, root, path))
LLMOPS_FORWARD(kGit, void, git_tree_free, (git_tree * tree), (tree))
LLMOPS_FORWARD(kGit, const git_oid*, git_tree_entry_id, (const git_tree_entry* entry), (entry))
LLMOPS_FORWARD(kGit, const char*, git_tree_entry_name, (const git_tree_entry* entry), (entry))
LLMOPS_FORWARD(kGit, git_object_t, git_tree_entry_type, (const git_tree_entry* entry), (entry))
LLMOPS_FORWARD(kGit, git_filemode_t, git_tree_entry_filemode, (const git_tree_entry* entry),
               (entry))
LLMOPS_FORWARD(kGit, void, git_tree_entry_free, (git_tree_entry * entry), (entry))

LLMOPS_FORWARD(kGit, int, git_blob_lookup,
               (git_blob * *blob, git_repository* repo, const git_oid* id), (blob, repo, id))
LLMOPS_FORWARD(kGit, const void*, git_blob_rawcontent, (const git_blob* blob), (blob))
LLMOPS_FORWARD(kGit, git_object_size_t, git_blob_rawsize, (const git_blob* blob), (blob))
LLMOPS_FORWARD(kGit, void, git_blob_free, (git_blob * blob), (blob))

// The one option that is set has a number.
extern "C" int git_libgit2_opts(int option, ...) {
  static const auto real =
      reinterpret_cast<decltype(&git_libgit2_opts)>(kGit.symbol("git_libgit2_opts"));
  std::va_list rest;
  va_start(rest, option);
  const int value = va_arg(rest, int);
  va_end(rest);
  return real(option, value);
}
