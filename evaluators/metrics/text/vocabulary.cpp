#include "evaluators/metrics/text/vocabulary.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace llmops {
namespace {

// 2^64 / golden ratio: spreads keys that differ in few bits.
constexpr std::uint64_t kSpread = 0x9E3779B97F4A7C15ULL;
constexpr std::size_t kKeyBytes = 16;
constexpr std::size_t kFewest = 512, kMany = 4096;  // slots

std::uint64_t load(const char* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  return word;
}

// Keeps the first bytes of 8, by their number.
constexpr auto kFirstBytes = [] {
  std::array<std::array<unsigned char, 8>, 9> masks{};
  for (std::size_t size = 0; size <= 8; ++size)
    for (std::size_t i = 0; i < size; ++i) masks[size][i] = 0xFF;
  return masks;
}();

std::uint64_t first_bytes(std::size_t size) {
  return std::bit_cast<std::uint64_t>(kFirstBytes[size]);
}

std::uint64_t hash_rest(std::string_view word, std::uint64_t hash) {
  std::size_t at = kKeyBytes;
  for (; at + 8 < word.size(); at += 8)
    hash = std::rotl((hash ^ load(word.data() + at)) * kSpread, 29);
  return (hash ^ load(word.data() + word.size() - 8)) * kSpread;
}

}  // namespace

Vocabulary::Vocabulary() : slots_(kFewest) {}

void Vocabulary::clear() {
  // A giant is not paid for ever, and a round that comes again would find what stood there.
  const bool giant = slots_.size() > kMany && used_ < kFewest;
  if (giant || round_ == UINT32_MAX) {
    slots_.assign(giant ? kFewest : slots_.size(), {});
    round_ = 0;
  }
  ++round_;
  words_.clear();
  used_ = 0;
}

// The keys of all words and where each is looked for first: apart from the search, so that the one
// does not wait for the other.
void Vocabulary::prepare(std::span<const std::string_view> words) const {
  asked_.resize(words.size());
  if (words.empty()) return;
  // Before this place 16 bytes can be read at once.
  const char* const end = words.back().data() + words.back().size();
  const auto bytes = static_cast<std::size_t>(end - words.front().data());
  const char* const readable = bytes < kKeyBytes ? words.front().data() : end - kKeyBytes + 1;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    const std::size_t size = std::min(word.size(), kKeyBytes);
    char copy[kKeyBytes];
    const char* from = word.data();
    if (from >= readable) {
      std::memset(copy, 0, kKeyBytes);
      std::memcpy(copy, from, size);
      from = copy;
    }
    const std::size_t low = std::min<std::size_t>(size, 8);
    const Key key{load(from) & first_bytes(low), load(from + 8) & first_bytes(size - low)};
    asked_[i] = {key, hash_of(word, key)};
  }
}

std::uint64_t Vocabulary::hash_of(std::string_view word, const Key& key) {
  const std::uint64_t mixed = (key.low ^ std::rotl(key.high * kSpread, 32)) * kSpread;
  return (word.size() > kKeyBytes ? hash_rest(word, mixed) : mixed) >> 32;
}

// The slot of an equal word, or the free one where it belongs.
std::size_t Vocabulary::slot_of(std::string_view word, const Asked& asked) const {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = asked.hash & mask;; at = (at + 1) & mask) {
    const Slot& slot = slots_[at];
    // Without a branch between free and found, which is a toss-up.
    const bool equal = ((slot.key.low ^ asked.key.low) | (slot.key.high ^ asked.key.high) |
                        (slot.size ^ word.size())) == 0;
    const bool free = slot.round != round_;
    if (!(free | equal)) continue;
    if (word.size() <= kKeyBytes || free) return at;
    if (std::memcmp(words_[slot.id - 1] + kKeyBytes, word.data() + kKeyBytes,
                    word.size() - kKeyBytes) == 0)
      return at;
  }
}

void Vocabulary::find(std::span<const std::string_view> words,
                      std::vector<std::uint32_t>& ids) const {
  prepare(words);
  ids.resize(words.size());
  for (std::size_t i = 0; i < words.size(); ++i) {
    const Slot& slot = slots_[slot_of(words[i], asked_[i])];
    ids[i] = slot.round == round_ ? slot.id : 0;
  }
}

void Vocabulary::add(std::span<const std::string_view> words, std::vector<std::uint32_t>& ids) {
  prepare(words);
  ids.resize(words.size());
  words_.resize(used_ + words.size());
  for (std::size_t i = 0; i < words.size(); ++i) {
    Slot& slot = slots_[slot_of(words[i], asked_[i])];
    const bool known = slot.round == round_;
    words_[used_] = words[i].data();
    used_ += known ? 0 : 1;
    const std::uint32_t id = known ? slot.id : used_;
    // Member by member: put together first and then copied, they are waited for.
    slot.key = asked_[i].key;
    slot.size = static_cast<std::uint32_t>(words[i].size());
    slot.round = round_;
    slot.id = id;
    ids[i] = id;
    if (used_ * 2U > slots_.size()) grow();
  }
  words_.resize(used_);
}

void Vocabulary::grow() {
  std::vector<Slot> old(slots_.size() * 4);
  old.swap(slots_);
  for (const Slot& slot : old)
    if (slot.round == round_) {
      const std::string_view word(words_[slot.id - 1], slot.size);
      slots_[slot_of(word, {slot.key, hash_of(word, slot.key)})] = slot;
    }
}

void PairVocabulary::clear(std::size_t expected) {
  const std::size_t wanted = std::bit_ceil(expected * 2 + 2);
  if (slots_.size() < wanted) slots_.resize(wanted);
  std::memset(static_cast<void*>(slots_.data()), 0, wanted * sizeof(Slot));
  mask_ = wanted - 1;
  used_ = 0;
}

}  // namespace llmops
