#pragma once
// Vectors of texts on disk, so that a later run does not encode them again. Several processes may
// share a folder: files are made under other names and moved into place. A file that is broken, cut
// off or of another size counts as missing.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace llmops {

struct VectorCacheOptions {
  std::filesystem::path folder;
  std::uint64_t most_bytes = 2ULL << 30;  // the oldest files go when it grows beyond
};

class VectorCache {
 public:
  explicit VectorCache(VectorCacheOptions options);

  // `count` numbers that were stored under a key (hexadecimal, 16 characters at least); false:
  // none.
  bool get(const std::string& key, float* to, std::size_t count) const;
  // However many there are.
  std::optional<std::vector<float>> get(const std::string& key) const;
  // A disk that is full or read-only costs the entry, nothing else. Thread-safe.
  void put(const std::string& key, const float* from, std::size_t count);

 private:
  std::filesystem::path file(const std::string& key) const;
  void trim();

  VectorCacheOptions options_;
  std::mutex mutex_;
  std::uint64_t written_ = 0;  // since the folder was last measured
  std::uint64_t budget_ = 0;   // that may be written until then
};

}  // namespace llmops
