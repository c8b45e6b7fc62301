#include "evaluators/encoder/vector_cache.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <memory>

#include "datasets/text/hash.h"

namespace llmops {
namespace fs = std::filesystem;
namespace {

constexpr char kMagic[8] = {'l', 'l', 'm', 'v', 'e', 'c', '0', '1'};

struct Header {
  char magic[8];
  std::uint64_t count;
  std::uint64_t sum;
};

std::uint64_t checksum(const float* data, std::size_t count) {
  return hash64({reinterpret_cast<const char*>(data), count * sizeof(float)});
}

struct Closer {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, Closer>;

// A name of its own for each file that is being written, in every process.
std::string unique_suffix() {
  static std::atomic<std::uint64_t> next = 0;
  return fmt::format(".{}-{}", ::getpid(), next.fetch_add(1));
}

}  // namespace

VectorCache::VectorCache(VectorCacheOptions options) : options_(std::move(options)) {}

fs::path VectorCache::file(const std::string& key) const {
  return options_.folder / key.substr(0, 2) / key.substr(2);
}

bool VectorCache::get(const std::string& key, float* to, std::size_t count) const {
  const File in(std::fopen(file(key).c_str(), "rb"));
  Header header{};
  if (!in || std::fread(&header, sizeof header, 1, in.get()) != 1) return false;
  if (std::memcmp(header.magic, kMagic, sizeof kMagic) != 0 || header.count != count) return false;
  if (std::fread(to, sizeof(float), count, in.get()) != count || checksum(to, count) != header.sum)
    return false;
  std::error_code ignored;  // what is used stays: the oldest go first
  fs::last_write_time(file(key), fs::file_time_type::clock::now(), ignored);
  return true;
}

std::optional<std::vector<float>> VectorCache::get(const std::string& key) const {
  std::error_code failed;
  const std::uintmax_t size = fs::file_size(file(key), failed);
  if (failed || size < sizeof(Header) || (size - sizeof(Header)) % sizeof(float) != 0)
    return std::nullopt;
  std::vector<float> values((size - sizeof(Header)) / sizeof(float));
  if (!get(key, values.data(), values.size())) return std::nullopt;
  return values;
}

void VectorCache::put(const std::string& key, const float* from, std::size_t count) {
  const fs::path place = file(key);
  std::error_code failed;
  fs::create_directories(place.parent_path(), failed);
  if (failed) return;
  const fs::path draft = place.string() + unique_suffix();
  Header header{};
  std::memcpy(header.magic, kMagic, sizeof kMagic);
  header.count = count;
  header.sum = checksum(from, count);
  bool written = false;
  if (const File out(std::fopen(draft.c_str(), "wb")); out)
    written = std::fwrite(&header, sizeof header, 1, out.get()) == 1 &&
              std::fwrite(from, sizeof(float), count, out.get()) == count &&
              std::fflush(out.get()) == 0;
  if (written) fs::rename(draft, place, failed);
  if (!written || failed) {
    fs::remove(draft, failed);
    return;
  }
  const std::lock_guard lock(mutex_);
  written_ += sizeof header + count * sizeof(float);
  if (written_ > budget_) trim();
}

// Measures the folder, removes the oldest files beyond nine tenths of the bound and says how much
// may be written before it is measured again.
void VectorCache::trim() {
  struct Entry {
    fs::path path;
    fs::file_time_type used;
    std::uint64_t size;
  };
  std::vector<Entry> entries;
  std::uint64_t total = 0;
  std::error_code ignored;
  for (const auto& entry : fs::recursive_directory_iterator(options_.folder, ignored)) {
    if (!entry.is_regular_file(ignored)) continue;
    Entry found{entry.path(), entry.last_write_time(ignored), entry.file_size(ignored)};
    if (found.size > options_.most_bytes) found.size = 0;  // vanished in between
    total += found.size;
    entries.push_back(std::move(found));
  }
  if (total > options_.most_bytes) {
    std::ranges::sort(entries, [](const Entry& a, const Entry& b) { return a.used < b.used; });
    for (const Entry& entry : entries) {
      if (total <= options_.most_bytes / 10 * 9) break;
      if (fs::remove(entry.path, ignored)) total -= entry.size;
    }
  }
  written_ = 0;
  budget_ = std::max<std::uint64_t>(
      (options_.most_bytes - std::min(total, options_.most_bytes)) / 2, options_.most_bytes / 20);
}

}  // namespace llmops
