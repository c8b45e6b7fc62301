#pragma once
// Sorts more pairs of numbers than memory should hold.

#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "datasets/text/temporary_file.h"

namespace llmops {

struct Pair {
  std::uint64_t key = 0;
  std::uint64_t value = 0;
  auto operator<=>(const Pair&) const = default;
};

// Pairs in ascending order. Safe to read from several threads.
class SortedPairs {
 public:
  std::uint64_t size() const { return size_; }
  Pair at(std::uint64_t index) const;
  // Value of the first pair with that key, or nullptr-like false.
  bool find(std::uint64_t key, std::uint64_t& value) const;
  // Copies up to `most` pairs from `index` on into `out`.
  void read(std::uint64_t index, std::size_t most, std::vector<Pair>& out) const;

 private:
  friend class PairSorter;
  std::uint64_t size_ = 0;
  std::vector<Pair> pairs_;              // all of them, where they fit
  std::unique_ptr<TemporaryFile> file_;  // else here
};

// Reads SortedPairs from the front, in pieces.
class PairCursor {
 public:
  explicit PairCursor(const SortedPairs& pairs) : pairs_(pairs) {}
  bool next(Pair& pair);

 private:
  const SortedPairs& pairs_;
  std::uint64_t index_ = 0;
  std::vector<Pair> piece_;
  std::size_t at_ = 0;
};

class PairSorter {
 public:
  // Holds 16 bytes a pair up to that number; beyond it sorted runs go to a temporary file.
  explicit PairSorter(std::size_t most_in_memory = std::size_t{1} << 18);
  void add(Pair pair);
  std::uint64_t size() const { return size_; }
  SortedPairs finish();  // once

 private:
  void spill();
  std::size_t most_;
  std::uint64_t size_ = 0;
  std::vector<Pair> pairs_;
  std::unique_ptr<TemporaryFile> runs_;
  std::vector<std::uint64_t> run_ends_;  // in pairs
};

}  // namespace llmops
