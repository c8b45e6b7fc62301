// Runs of sorted pairs lie one after another in a temporary file and are merged into a second one.
#include "datasets/text/external_sort.h"

#include <algorithm>
#include <queue>
#include <string_view>

namespace llmops {
namespace {

constexpr std::size_t kPiece = 1024;  // pairs read or written at once: 16 KiB

void append(TemporaryFile& file, const std::vector<Pair>& pairs) {
  file.append({reinterpret_cast<const char*>(pairs.data()), pairs.size() * sizeof(Pair)});
}

void read_pairs(const TemporaryFile& file, std::uint64_t index, std::size_t count,
                std::vector<Pair>& out) {
  out.resize(count);
  file.read(index * sizeof(Pair), reinterpret_cast<char*>(out.data()), count * sizeof(Pair));
}

// One sorted run while it is merged.
struct Run {
  std::uint64_t next = 0;
  std::uint64_t end = 0;
  std::vector<Pair> piece = {};
  std::size_t at = 0;

  bool advance(const TemporaryFile& file, Pair& pair) {
    if (at == piece.size()) {
      const auto count = std::min<std::uint64_t>(kPiece, end - next);
      if (count == 0) return false;
      read_pairs(file, next, count, piece);
      next += count;
      at = 0;
    }
    pair = piece[at++];
    return true;
  }
};

}  // namespace

Pair SortedPairs::at(std::uint64_t index) const {
  if (!file_) return pairs_[index];
  Pair pair;
  file_->read(index * sizeof(Pair), reinterpret_cast<char*>(&pair), sizeof(Pair));
  return pair;
}

bool SortedPairs::find(std::uint64_t key, std::uint64_t& value) const {
  std::uint64_t low = 0;
  std::uint64_t high = size_;
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    if (at(middle).key < key)
      low = middle + 1;
    else
      high = middle;
  }
  if (low == size_) return false;
  const Pair found = at(low);
  value = found.value;
  return found.key == key;
}

void SortedPairs::read(std::uint64_t index, std::size_t most, std::vector<Pair>& out) const {
  const auto count = std::min<std::uint64_t>(most, size_ - std::min(index, size_));
  if (file_) return read_pairs(*file_, index, count, out);
  const auto from = pairs_.begin() + static_cast<std::ptrdiff_t>(std::min(index, size_));
  out.assign(from, from + static_cast<std::ptrdiff_t>(count));
}

bool PairCursor::next(Pair& pair) {
  if (at_ == piece_.size()) {
    pairs_.read(index_, kPiece, piece_);
    index_ += piece_.size();
    at_ = 0;
    if (piece_.empty()) return false;
  }
  pair = piece_[at_++];
  return true;
}

PairSorter::PairSorter(std::size_t most_in_memory)
    : most_(std::max<std::size_t>(1, most_in_memory)) {}

void PairSorter::add(Pair pair) {
  if (pairs_.size() == most_) spill();
  pairs_.push_back(pair);
  ++size_;
}

void PairSorter::spill() {
  std::ranges::sort(pairs_);
  if (!runs_) runs_ = std::make_unique<TemporaryFile>();
  append(*runs_, pairs_);
  run_ends_.push_back(runs_->size() / sizeof(Pair));
  pairs_.clear();
}

SortedPairs PairSorter::finish() {
  SortedPairs sorted;
  sorted.size_ = size_;
  if (!runs_) {
    std::ranges::sort(pairs_);
    sorted.pairs_ = std::move(pairs_);
    return sorted;
  }
  if (!pairs_.empty()) spill();
  runs_->flush();
  std::vector<Pair>().swap(pairs_);

  std::vector<Run> runs;
  for (std::size_t i = 0; i < run_ends_.size(); ++i)
    runs.push_back({.next = i == 0 ? 0 : run_ends_[i - 1], .end = run_ends_[i]});
  using Head = std::pair<Pair, std::size_t>;
  std::priority_queue<Head, std::vector<Head>, std::greater<>> heads;
  Pair pair;
  for (std::size_t i = 0; i < runs.size(); ++i)
    if (runs[i].advance(*runs_, pair)) heads.emplace(pair, i);

  sorted.file_ = std::make_unique<TemporaryFile>();
  std::vector<Pair> piece;
  while (!heads.empty()) {
    const auto [smallest, from] = heads.top();
    heads.pop();
    piece.push_back(smallest);
    if (piece.size() == kPiece) {
      append(*sorted.file_, piece);
      piece.clear();
    }
    if (runs[from].advance(*runs_, pair)) heads.emplace(pair, from);
  }
  append(*sorted.file_, piece);
  sorted.file_->flush();
  runs_.reset();
  return sorted;
}

}  // namespace llmops
