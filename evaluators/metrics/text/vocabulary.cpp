#include "evaluators/metrics/text/vocabulary.h"

#include <bit>
#include <cstring>

namespace llmops {
namespace {

// 2^64 / golden ratio: spreads keys that differ in few bits.
constexpr std::uint64_t kSpread = 0x9E3779B97F4A7C15ULL;

template <typename Word>
std::uint64_t load(const char* at) {
  Word word = 0;
  std::memcpy(&word, at, sizeof word);
  return word;
}

// Up to 8 bytes: with the size, all that the text is. Longer: a hash.
std::uint64_t key_of(std::string_view text) {
  const char* data = text.data();
  const std::size_t size = text.size();
  if (size >= 4 && size <= 8)
    return load<std::uint32_t>(data) | load<std::uint32_t>(data + size - 4) << 32;
  if (size < 4) {
    if (size == 0) return 0;
    const auto byte = [&](std::size_t i) {
      return std::uint64_t{static_cast<unsigned char>(data[i])};
    };
    return byte(0) | byte(size / 2) << 8 | byte(size - 1) << 16;
  }
  std::uint64_t hash = size;
  std::size_t at = 0;
  for (; at + 8 < size; at += 8)
    hash = std::rotl((hash ^ load<std::uint64_t>(data + at)) * kSpread, 29);
  return (hash ^ load<std::uint64_t>(data + size - 8)) * kSpread;
}

}  // namespace

Vocabulary::Vocabulary() : slots_(256) {}

void Vocabulary::clear() {
  if (used_ == 0) return;
  if (slots_.size() > 4096 && used_ < 256) slots_.resize(256);  // a giant is not paid for ever
  std::memset(static_cast<void*>(slots_.data()), 0, slots_.size() * sizeof(Slot));
  used_ = 0;
}

std::size_t Vocabulary::slot_of(std::string_view text, std::uint64_t key) const {
  const std::size_t mask = slots_.size() - 1;
  const std::uint64_t mixed = (key ^ text.size()) * kSpread;
  std::size_t at = (mixed ^ mixed >> 32) & mask;
  for (;; at = (at + 1) & mask) {
    const Slot& slot = slots_[at];
    if (slot.id == 0) return at;
    if (slot.key != key || slot.size != text.size()) continue;
    if (text.size() <= 8 || std::memcmp(slot.data, text.data(), text.size()) == 0) return at;
  }
}

std::uint32_t Vocabulary::find(std::string_view text) const {
  return slots_[slot_of(text, key_of(text))].id;
}

std::uint32_t Vocabulary::id(std::string_view text) {
  const std::uint64_t key = key_of(text);
  Slot& slot = slots_[slot_of(text, key)];
  if (slot.id != 0) return slot.id;
  slot = {key, text.data(), static_cast<std::uint32_t>(text.size()), ++used_};
  if (used_ * 2U > slots_.size()) grow();
  return used_;
}

void Vocabulary::grow() {
  std::vector<Slot> old(slots_.size() * 4);
  old.swap(slots_);
  for (const Slot& slot : old)
    if (slot.id != 0) slots_[slot_of({slot.data, slot.size}, slot.key)] = slot;
}

void PairVocabulary::clear(std::size_t expected) {
  const std::size_t wanted = std::bit_ceil(expected * 2 + 2);
  if (slots_.size() < wanted) slots_.resize(wanted);
  std::memset(static_cast<void*>(slots_.data()), 0, wanted * sizeof(Slot));
  mask_ = wanted - 1;
  used_ = 0;
}

}  // namespace llmops
