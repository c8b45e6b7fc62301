// Sorted by hash: in memory by std::sort, on disk by an external merge sort. Hashes are spread
// evenly, so a question to the file starts where the hash should stand and needs two or three
// reads.
#include "evaluators/providers/offset_index.h"

#include <unistd.h>

#include <algorithm>
#include <queue>
#include <stdexcept>

namespace llmops {
namespace {

constexpr std::size_t kBlock = 512;  // entries a read: two pages

}  // namespace

OffsetIndex::File OffsetIndex::temporary() {
  File file(std::tmpfile());
  if (!file) throw std::runtime_error("cannot make a temporary file");
  return file;
}

void OffsetIndex::write(std::FILE* file, const std::vector<Entry>& entries) {
  if (std::fwrite(entries.data(), sizeof(Entry), entries.size(), file) != entries.size())
    throw std::runtime_error("cannot write a temporary file: is the disk full?");
}

void OffsetIndex::add(std::uint64_t hash, std::uint64_t offset) {
  ++size_;
  entries_.push_back({hash, offset});
  if (entries_.size() >= most_) spill();
}

void OffsetIndex::spill() {
  if (!runs_) runs_ = temporary();
  std::ranges::sort(entries_);
  write(runs_.get(), entries_);
  run_sizes_.push_back(entries_.size());
  entries_.clear();
}

void OffsetIndex::finish() {
  if (!runs_) return std::ranges::sort(entries_), void();
  if (!entries_.empty()) spill();
  std::vector<Entry>().swap(entries_);
  if (std::fflush(runs_.get()) != 0) throw std::runtime_error("cannot write a temporary file");
  struct Run {
    std::uint64_t next, end;  // entries of the file
    std::vector<Entry> buffer;
    std::size_t at;
  };
  std::vector<Run> runs;
  std::uint64_t start = 0;
  for (const std::uint64_t length : run_sizes_) {
    runs.push_back({start, start + length, {}, 0});
    start += length;
  }
  const auto fill = [&](Run& run) {
    run.buffer.resize(static_cast<std::size_t>(std::min<std::uint64_t>(4096, run.end - run.next)));
    run.at = 0;
    if (run.buffer.empty()) return false;
    const auto bytes = run.buffer.size() * sizeof(Entry);
    if (::pread(::fileno(runs_.get()), run.buffer.data(), bytes,
                static_cast<off_t>(run.next * sizeof(Entry))) != static_cast<ssize_t>(bytes))
      throw std::runtime_error("cannot read a temporary file");
    run.next += run.buffer.size();
    return true;
  };
  using Head = std::pair<Entry, std::size_t>;
  std::priority_queue<Head, std::vector<Head>, std::greater<>> heads;
  for (std::size_t i = 0; i < runs.size(); ++i)
    if (fill(runs[i])) heads.push({runs[i].buffer[0], i});
  sorted_ = temporary();
  std::vector<Entry> out;
  while (!heads.empty()) {
    const auto [entry, i] = heads.top();
    heads.pop();
    out.push_back(entry);
    if (out.size() == 4096) write(sorted_.get(), out), out.clear();
    Run& run = runs[i];
    if (++run.at < run.buffer.size() || fill(run)) heads.push({run.buffer[run.at], i});
  }
  write(sorted_.get(), out);
  if (std::fflush(sorted_.get()) != 0) throw std::runtime_error("cannot write a temporary file");
  runs_.reset();
}

std::size_t OffsetIndex::read(std::uint64_t first, std::vector<Entry>& into,
                              std::size_t count) const {
  count = static_cast<std::size_t>(std::min<std::uint64_t>(count, size_ - std::min(first, size_)));
  into.resize(count);
  if (count == 0) return 0;
  if (!sorted_) {
    std::copy_n(entries_.begin() + static_cast<std::ptrdiff_t>(first), count, into.begin());
    return count;
  }
  const ssize_t got = ::pread(::fileno(sorted_.get()), into.data(), count * sizeof(Entry),
                              static_cast<off_t>(first * sizeof(Entry)));
  if (got != static_cast<ssize_t>(count * sizeof(Entry)))
    throw std::runtime_error("cannot read a temporary file");
  return count;
}

// First entry whose hash is not below `hash`.
std::uint64_t OffsetIndex::lower_bound(std::uint64_t hash) const {
  const auto below = [](const Entry& entry, std::uint64_t wanted) { return entry.hash < wanted; };
  if (!sorted_)
    return static_cast<std::uint64_t>(
        std::lower_bound(entries_.begin(), entries_.end(), hash, below) - entries_.begin());
  std::uint64_t low = 0, high = size_;  // the answer lies in [low, high]
  std::uint64_t guess =
      static_cast<std::uint64_t>(static_cast<double>(hash) * 0x1p-64 * static_cast<double>(size_));
  std::vector<Entry> block;
  while (low < high) {
    const std::uint64_t first =
        std::max(low, std::min(guess, high) - std::min<std::uint64_t>(guess, kBlock / 2));
    const std::size_t count =
        read(first, block, static_cast<std::size_t>(std::min<std::uint64_t>(kBlock, high - first)));
    if (count == 0) break;
    if (block.front().hash >= hash) {
      high = first;
    } else if (block.back().hash < hash) {
      low = first + count;
    } else {
      return first + static_cast<std::uint64_t>(
                         std::lower_bound(block.begin(), block.end(), hash, below) - block.begin());
    }
    guess = low + (high - low) / 2;
  }
  return low;
}

std::vector<std::uint64_t> OffsetIndex::find(std::uint64_t hash) const {
  std::vector<std::uint64_t> offsets;
  std::vector<Entry> entry;
  for (std::uint64_t i = lower_bound(hash); read(i, entry, 1) == 1 && entry[0].hash == hash; ++i)
    offsets.push_back(entry[0].offset);
  return offsets;
}

void OffsetIndex::visit_shared(
    const std::function<void(const std::vector<std::uint64_t>&)>& visit) const {
  std::vector<Entry> block;
  std::uint64_t hash = 0;
  std::vector<std::uint64_t> offsets;
  for (std::uint64_t first = 0; first < size_; first += block.size()) {
    if (read(first, block, 4096) == 0) break;
    for (const Entry& entry : block) {
      if (!offsets.empty() && entry.hash != hash) {
        if (offsets.size() > 1) visit(offsets);
        offsets.clear();
      }
      hash = entry.hash;
      offsets.push_back(entry.offset);
    }
  }
  if (offsets.size() > 1) visit(offsets);
}

}  // namespace llmops
