#pragma once
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace llmops {

// Numbers 1, 2, 3 ... for words that are equal, byte by byte. Made for a few hundred words at a
// time; `clear` costs nothing and keeps the memory. The words must live until the next `clear`.
// Not thread-safe. O(1) a word, but for its length.
class Vocabulary {
 public:
  Vocabulary();
  void clear();
  // The numbers of the words of one text, which stand in it in this order: `add` makes new ones,
  // `find` gives 0 to a new word.
  void add(std::span<const std::string_view> words, std::vector<std::uint32_t>& ids);
  void find(std::span<const std::string_view> words, std::vector<std::uint32_t>& ids) const;
  std::size_t size() const { return used_; }

 private:
  // The first 16 bytes, zeros behind the end; with the size, all of a word that is no longer.
  struct Key {
    std::uint64_t low = 0, high = 0;
  };
  struct Slot {
    Key key;
    std::uint32_t size = 0;
    std::uint32_t round = 0;  // free but in the present round
    std::uint32_t id = 0;
  };
  struct Asked {
    Key key;
    std::uint64_t hash = 0;
  };
  static std::uint64_t hash_of(std::string_view word, const Key& key);
  void prepare(std::span<const std::string_view> words) const;
  std::size_t slot_of(std::string_view word, const Asked& asked) const;
  void grow();
  std::vector<Slot> slots_;
  mutable std::vector<Asked> asked_;
  std::vector<const char*> words_;  // by id - 1
  std::uint32_t used_ = 0, round_ = 1;
};

// The same for pairs of numbers.
class PairVocabulary {
 public:
  void clear(std::size_t expected);  // room for this many different pairs
  // Neither number may be 0.
  std::uint32_t id(std::uint32_t first, std::uint32_t second) {
    const std::uint64_t key = std::uint64_t{first} << 32 | second;
    Slot& slot = slots_[slot_of(key)];
    if (slot.key == 0) slot = {key, ++used_};
    return slot.id;
  }
  // 0 where the pair is new.
  std::uint32_t find(std::uint32_t first, std::uint32_t second) const {
    return slots_[slot_of(std::uint64_t{first} << 32 | second)].id;
  }
  std::size_t size() const { return used_; }

 private:
  struct Slot {
    std::uint64_t key;  // 0: free
    std::uint32_t id;
  };
  std::size_t slot_of(std::uint64_t key) const {
    constexpr std::uint64_t kSpread = 0x9E3779B97F4A7C15ULL;  // 2^64 / golden ratio
    std::size_t at = (key * kSpread >> 32) & mask_;
    while (slots_[at].key != key && slots_[at].key != 0) at = (at + 1) & mask_;
    return at;
  }
  std::vector<Slot> slots_;
  std::size_t mask_ = 0;
  std::uint32_t used_ = 0;
};

}  // namespace llmops
