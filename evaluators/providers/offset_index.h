#pragma once
#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <vector>

namespace llmops {

// Hash -> byte offset of a file's rows, 16 bytes a row. Beyond a million rows it lies in a
// temporary file that has no name: memory stays flat.
class OffsetIndex {
 public:
  explicit OffsetIndex(std::size_t most_in_memory = std::size_t{1} << 20) : most_(most_in_memory) {}

  void add(std::uint64_t hash, std::uint64_t offset);
  void finish();  // once, before any question; throws std::runtime_error where the disk is full

  // Offsets of that hash, in ascending order.
  std::vector<std::uint64_t> find(std::uint64_t hash) const;
  // Each hash that more than one row has, with the rows' offsets.
  void visit_shared(
      const std::function<void(const std::vector<std::uint64_t>& offsets)>& visit) const;
  std::uint64_t size() const { return size_; }

 private:
  struct Entry {
    std::uint64_t hash, offset;
    auto operator<=>(const Entry&) const = default;
  };
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  using File = std::unique_ptr<std::FILE, Close>;
  static File temporary();
  static void write(std::FILE* file, const std::vector<Entry>& entries);
  void spill();
  std::size_t read(std::uint64_t first, std::vector<Entry>& into, std::size_t count) const;
  std::uint64_t lower_bound(std::uint64_t hash) const;

  std::size_t most_;
  std::vector<Entry> entries_;  // all of them, or what is not spilled yet
  File runs_, sorted_;
  std::vector<std::uint64_t> run_sizes_;
  std::uint64_t size_ = 0;
};

}  // namespace llmops
