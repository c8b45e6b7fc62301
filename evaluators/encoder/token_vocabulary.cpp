#include "evaluators/encoder/token_vocabulary.h"

#include <algorithm>
#include <bit>
#include <functional>

namespace llmops {
namespace {

std::uint32_t hash_of(std::string_view token) {
  return static_cast<std::uint32_t>(std::hash<std::string_view>()(token));
}

}  // namespace

// The slot that holds the token, or the free one where it belongs. At most half the slots are
// taken.
std::size_t TokenVocabulary::slot_of(std::string_view token, std::uint32_t hash) const {
  const std::size_t mask = table_.size() - 1;
  for (std::size_t slot = hash & mask;; slot = (slot + 1) & mask) {
    if (table_[slot] == 0) return slot;
    const Token& known = tokens_[table_[slot] - 1];
    if (known.hash == hash && std::string_view(texts_).substr(known.at, known.length) == token)
      return slot;
  }
}

void TokenVocabulary::resize_table(std::size_t slots) {
  table_.assign(slots, 0);
  const std::size_t mask = slots - 1;
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    std::size_t slot = tokens_[i].hash & mask;
    while (table_[slot] != 0) slot = (slot + 1) & mask;
    table_[slot] = static_cast<std::uint32_t>(i + 1);
  }
}

void TokenVocabulary::reserve(std::size_t count) {
  tokens_.reserve(count);
  if (2 * count > table_.size()) resize_table(std::bit_ceil(2 * count));
}

void TokenVocabulary::set(std::string_view token, TokenId id) {
  highest_ = std::max(highest_, id);
  if (2 * (tokens_.size() + 1) > table_.size())
    resize_table(std::max<std::size_t>(16, 2 * table_.size()));
  const std::uint32_t hash = hash_of(token);
  std::uint32_t& slot = table_[slot_of(token, hash)];
  if (slot != 0) {
    tokens_[slot - 1].id = id;
    return;
  }
  tokens_.push_back({texts_.size(), token.size(), hash, id});
  texts_.append(token);
  slot = static_cast<std::uint32_t>(tokens_.size());
}

std::optional<TokenId> TokenVocabulary::find(std::string_view token) const {
  if (table_.empty()) return std::nullopt;
  const std::uint32_t slot = table_[slot_of(token, hash_of(token))];
  return slot == 0 ? std::nullopt : std::optional(tokens_[slot - 1].id);
}

}  // namespace llmops
