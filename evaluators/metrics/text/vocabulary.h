#pragma once
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace llmops {

// Numbers 1, 2, 3 ... for texts that are equal, byte by byte. Made for a few hundred tokens at a
// time; `clear` keeps the memory. The texts must live until the next `clear`. Not thread-safe.
class Vocabulary {
 public:
  Vocabulary();
  void clear();
  std::uint32_t id(std::string_view text);          // a new number where the text is new
  std::uint32_t find(std::string_view text) const;  // 0 where the text is new
  std::size_t size() const { return used_; }

 private:
  struct Slot {
    std::uint64_t key = 0;  // all bytes of a text of up to 8 bytes, else a hash
    const char* data = nullptr;
    std::uint32_t size = 0;
    std::uint32_t id = 0;  // 0: free
  };
  std::size_t slot_of(std::string_view text, std::uint64_t key) const;
  void grow();
  std::vector<Slot> slots_;
  std::uint32_t used_ = 0;
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
