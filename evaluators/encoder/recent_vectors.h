#pragma once
#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace llmops {

// The vectors that were used last, within a bound of bytes. Thread-safe.
class RecentVectors {
 public:
  using Vectors = std::shared_ptr<const std::vector<float>>;
  explicit RecentVectors(std::size_t most_bytes) : most_bytes_(most_bytes) {}

  Vectors get(const std::string& key);  // nullptr: not there
  void put(const std::string& key, const Vectors& vectors);

 private:
  struct Entry {
    std::string key;
    Vectors vectors;
  };
  std::mutex mutex_;
  std::list<Entry> entries_;  // the latest first
  std::unordered_map<std::string, std::list<Entry>::iterator> places_;
  std::size_t bytes_ = 0;
  std::size_t most_bytes_;
};

}  // namespace llmops
