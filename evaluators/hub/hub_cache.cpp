#include "evaluators/hub/hub_cache.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <set>
#include <stdexcept>

#include "datasets/text/files.h"
#include "datasets/text/utf8.h"
#include "evaluators/encoder/model_folder.h"
#include "evaluators/hub/file_hash.h"

namespace llmops {
namespace fs = std::filesystem;
namespace {

// An exclusive flock on a file, as huggingface_hub takes it while it writes a blob.
class FileLock {
 public:
  explicit FileLock(const fs::path& file) {
    fs::create_directories(file.parent_path());
    fd_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd_ >= 0) ::flock(fd_, LOCK_EX);
  }
  ~FileLock() {
    if (fd_ >= 0) ::close(fd_);
  }
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  int fd_ = -1;
};

std::string name_of_folder(const std::string& folder) {
  std::string name = folder.substr(std::string_view("models--").size());
  if (const std::size_t at = name.find("--"); at != std::string::npos) name.replace(at, 2, "/");
  return name;
}

std::uint64_t size_of(const fs::path& file) {
  std::error_code failed;
  const std::uintmax_t size = fs::file_size(file, failed);
  return failed ? 0 : size;
}

// Files below a folder, links followed; a link that leads nowhere is one, too.
std::vector<fs::path> files_below(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code ignored;
  for (const auto& entry : fs::recursive_directory_iterator(folder, ignored))
    if (!entry.is_directory(ignored)) files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}

Result<fs::path> folder_of(const std::string& model, const fs::path& cache) {
  std::error_code ignored;
  if (is_model_name(model))
    if (const fs::path folder = cache / hub_folder_name(model); fs::is_directory(folder, ignored))
      return folder;
  std::set<std::string> known;
  for (const CachedModel& each : cached_models(cache)) known.insert(each.name);
  const std::vector<std::string_view> names(known.begin(), known.end());
  return problem(fmt::format("the model `{}` is not in {}", visible(model), cache.string()),
                 names.empty() ? "" : expected_one_of(names), did_you_mean(model, names));
}

// A blob with the content that its name promises.
bool is_whole(const fs::path& blob, const HubFile& file) {
  std::error_code failed;
  if (!fs::is_regular_file(blob, failed)) return false;
  return !file.size || fs::file_size(blob, failed) == *file.size;
}

Diagnostics fetch(HubClient& hub, const std::string& model, const std::string& commit,
                  const HubFile& file, const fs::path& blob, const fs::path& lock,
                  const HubClient::Progress& progress) {
  const FileLock held(lock);
  if (is_whole(blob, file)) return {};  // another process was quicker
  const fs::path part = blob.string() + ".incomplete";
  if (Diagnostics wrong = hub.download(model, commit, file, part, progress); !wrong.empty())
    return wrong;
  if (!file.hash.empty() && !has_hash(part, file.hash)) {
    fs::remove(part);
    return {problem(
        fmt::format("`{}` of `{}` is not what the hub promised: its hash is another",
                    visible(file.name), model),
        fmt::format("expected {} {}", file.hash.size() == 64 ? "SHA-256" : "git SHA-1", file.hash),
        "try again; where it stays, a proxy or mirror changes the file")};
  }
  fs::rename(part, blob);
  return {};
}

// snapshots/COMMIT/NAME -> blobs/HASH, relative, so that the cache may move.
void link(const fs::path& snapshot, const std::string& name, const std::string& blob) {
  const fs::path place = snapshot / name;
  fs::create_directories(place.parent_path());
  fs::path target = "../..";
  for (const char c : name)
    if (c == '/') target /= "..";
  target = target / "blobs" / blob;
  std::error_code ignored;
  if (fs::is_symlink(place, ignored) && fs::read_symlink(place, ignored) == target) return;
  const fs::path draft = place.string() + ".llmops-tmp";
  fs::remove(draft, ignored);
  fs::create_symlink(target, draft);
  fs::rename(draft, place);
}

}  // namespace

Result<Pulled> pull_model(HubClient& hub, const std::string& model, const std::string& revision,
                          const fs::path& cache,
                          const std::function<bool(const PullProgress&)>& on_progress) {
  if (!is_model_name(model))
    return problem(fmt::format("`{}` is no name of a model", visible(model)),
                   "expected NAME or ORGANISATION/NAME, such as roberta-large");
  if (!is_revision(revision))
    return problem(fmt::format("`{}` is no revision", visible(revision)),
                   "expected a branch, a tag or a commit");
  const Result<HubListing> listing = hub.listing(model, revision);
  if (!listing) return listing.problems();
  Result<std::vector<HubFile>> wanted = files_to_pull(*listing);
  if (!wanted) return wanted.problems();

  const fs::path folder = cache / hub_folder_name(model);
  const fs::path blobs = folder / "blobs";
  const fs::path locks = cache / ".locks" / hub_folder_name(model);
  fs::create_directories(blobs);
  PullProgress progress{.file = "", .file_number = 0, .files = wanted->size()};
  std::uint64_t missing = 0;
  // A file whose hash the hub keeps to itself is kept under its commit and name.
  const auto blob_name = [&](const HubFile& file) {
    if (!file.hash.empty()) return file.hash;
    std::string name = listing->commit + "-" + file.name;
    std::ranges::replace(name, '/', '-');
    return name;
  };
  bool sizes_known = true;
  for (const HubFile& file : *wanted) {
    sizes_known = sizes_known && file.size.has_value();
    progress.total += file.size.value_or(0);
    if (!is_whole(blobs / blob_name(file), file))
      missing += file.size.value_or(0) -
                 std::min(file.size.value_or(0),
                          size_of((blobs / blob_name(file)).string() + ".incomplete"));
  }
  if (!sizes_known) progress.total = 0;
  std::error_code failed;
  if (const fs::space_info space = fs::space(blobs, failed); !failed && space.available < missing)
    return problem(fmt::format("the disk has room for {} MB, `{}` needs {} MB more",
                               space.available >> 20, model, missing >> 20),
                   "", "make room, or name another place with HF_HUB_CACHE");

  Pulled pulled{.folder = folder / "snapshots" / listing->commit, .commit = listing->commit};
  std::uint64_t before = 0;
  for (const HubFile& file : *wanted) {
    ++progress.file_number;
    progress.file = file.name;
    const fs::path blob = blobs / blob_name(file);
    const bool there = is_whole(blob, file);
    if (!there) {
      const std::uint64_t had = size_of(blob.string() + ".incomplete");
      if (Diagnostics wrong =
              fetch(hub, model, listing->commit, file, blob, locks / (blob_name(file) + ".lock"),
                    [&](std::uint64_t bytes) {
                      progress.done = before + bytes;
                      return on_progress(progress);
                    });
          !wrong.empty())
        return wrong;
      pulled.fetched += size_of(blob) - std::min(size_of(blob), had);
    }
    before += size_of(blob);
    progress.done = before;
    on_progress(progress);
  }
  for (const HubFile& file : *wanted) link(pulled.folder, file.name, blob_name(file));
  if (revision != listing->commit) write_atomically(folder / "refs" / revision, listing->commit);
  pulled.files = wanted->size();
  pulled.bytes = before;
  return pulled;
}

std::vector<CachedModel> cached_models(const fs::path& cache) {
  std::vector<CachedModel> models;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(cache, ignored)) {
    const std::string folder = entry.path().filename().string();
    if (!folder.starts_with("models--") || !entry.is_directory(ignored)) continue;
    std::uint64_t unfinished = 0;
    for (const fs::path& blob : files_below(entry.path() / "blobs"))
      if (blob.extension() == ".incomplete") unfinished += size_of(blob);
    const std::size_t first = models.size();
    for (const auto& snapshot : fs::directory_iterator(entry.path() / "snapshots", ignored)) {
      if (!snapshot.is_directory(ignored)) continue;
      CachedModel model{.name = name_of_folder(folder),
                        .commit = snapshot.path().filename().string(),
                        .refs = {},
                        .folder = snapshot.path(),
                        .unfinished = unfinished};
      for (const fs::path& file : files_below(snapshot.path())) {
        ++model.files;
        model.bytes += size_of(file);
      }
      for (const fs::path& ref : files_below(entry.path() / "refs"))
        if (const Result<Source> commit = read_source(ref, 256);
            commit && commit->text().starts_with(model.commit))
          model.refs.push_back(ref.lexically_relative(entry.path() / "refs").string());
      models.push_back(std::move(model));
    }
    if (models.size() == first && unfinished > 0)
      models.push_back({.name = name_of_folder(folder),
                        .commit = "",
                        .refs = {},
                        .folder = {},
                        .unfinished = unfinished});
  }
  std::ranges::sort(models, [](const CachedModel& a, const CachedModel& b) {
    return std::tie(a.name, a.commit) < std::tie(b.name, b.commit);
  });
  return models;
}

Result<Verified> verify_model(const std::string& model, const fs::path& cache) {
  const Result<fs::path> folder = folder_of(model, cache);
  if (!folder) return folder.problems();
  Verified verified;
  std::set<fs::path> seen;
  for (const fs::path& file : files_below(*folder / "snapshots")) {
    std::error_code failed;
    const std::string name = file.lexically_relative(*folder / "snapshots").string();
    const fs::path blob = fs::canonical(file, failed);
    if (failed) {
      verified.wrong.push_back(name + ": its content is not there");
      continue;
    }
    if (!seen.insert(blob).second) continue;
    const std::string hash = blob.filename().string();
    const bool known = (hash.size() == 64 || hash.size() == 40) &&
                       hash.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (!known) {
      ++verified.unknown;
      continue;
    }
    ++verified.checked;
    if (!has_hash(blob, hash)) verified.wrong.push_back(name + ": its content is not " + hash);
  }
  return verified;
}

Result<std::uint64_t> remove_model(const std::string& model, const fs::path& cache) {
  const Result<fs::path> folder = folder_of(model, cache);
  if (!folder) return folder.problems();
  std::uint64_t bytes = 0;
  for (const fs::path& blob : files_below(*folder / "blobs")) bytes += size_of(blob);
  std::error_code failed;
  // Aside first: nobody finds half a model.
  const fs::path aside = cache / (".removed-" + folder->filename().string());
  fs::remove_all(aside, failed);
  fs::rename(*folder, aside, failed);
  if (!failed) fs::remove_all(aside, failed);
  if (failed)
    return problem(fmt::format("{} cannot be removed: {}", folder->string(), failed.message()));
  fs::remove_all(cache / ".locks" / hub_folder_name(model), failed);
  return bytes;
}

}  // namespace llmops
