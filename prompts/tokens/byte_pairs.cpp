#include "prompts/tokens/byte_pairs.h"

#include <queue>
#include <tuple>

namespace llmops {
namespace {

std::uint64_t pair_key(std::int32_t left, std::int32_t right) {
  return static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32 |
         static_cast<std::uint32_t>(right);
}

}  // namespace

BytePairs BytePairs::by_token(TokenIds tokens) {
  BytePairs made;
  made.tokens_ = std::move(tokens);
  made.whole_words_ = true;
  return made;
}

BytePairs BytePairs::by_list(TokenIds tokens,
                             const std::vector<std::pair<std::string, std::string>>& merges,
                             bool whole_words) {
  BytePairs made;
  made.tokens_ = std::move(tokens);
  made.by_list_ = true;
  made.whole_words_ = whole_words;
  std::int32_t rank = 0;
  for (const auto& [left, right] : merges) {
    const auto a = made.tokens_.find(left);
    const auto b = made.tokens_.find(right);
    if (a != made.tokens_.end() && b != made.tokens_.end())
      made.ranks_.emplace(pair_key(a->second, b->second), rank);
    ++rank;
  }
  return made;
}

std::int32_t BytePairs::rank(std::string_view left, std::string_view both) const {
  if (!by_list_) {
    const auto found = tokens_.find(both);
    return found == tokens_.end() ? -1 : found->second;
  }
  const auto a = tokens_.find(left);
  const auto b = tokens_.find(both.substr(left.size()));
  if (a == tokens_.end() || b == tokens_.end()) return -1;
  const auto found = ranks_.find(pair_key(a->second, b->second));
  return found == ranks_.end() ? -1 : found->second;
}

std::size_t BytePairs::count(std::string_view word, const std::vector<std::string_view>& symbols,
                             const std::function<std::size_t(std::string_view)>& unknown) const {
  if (word.empty()) return 0;
  if (whole_words_ && has(word)) return 1;
  struct Symbol {
    std::string_view text;  // empty: merged into the one before
    std::size_t before, behind;
  };
  constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  std::vector<Symbol> line(symbols.size());
  for (std::size_t i = 0; i < symbols.size(); ++i)
    line[i] = {symbols[i], i == 0 ? kNone : i - 1, i + 1 < symbols.size() ? i + 1 : kNone};

  struct Merge {
    std::int32_t rank;
    std::size_t left;
    std::size_t bytes;  // of both together: tells a merge that is out of date
    bool operator>(const Merge& other) const {
      return std::tie(rank, left) > std::tie(other.rank, other.left);
    }
  };
  std::priority_queue<Merge, std::vector<Merge>, std::greater<>> merges;
  const auto offer = [&](std::size_t left) {
    if (left == kNone || line[left].behind == kNone) return;
    const std::string_view a = line[left].text;
    const std::string_view b = line[line[left].behind].text;
    const std::string_view both(a.data(), a.size() + b.size());
    if (const std::int32_t found = rank(a, both); found >= 0)
      merges.push({found, left, both.size()});
  };
  for (std::size_t i = 0; i < line.size(); ++i) offer(i);
  while (!merges.empty()) {
    const Merge merge = merges.top();
    merges.pop();
    Symbol& left = line[merge.left];
    if (left.text.empty() || left.behind == kNone) continue;
    Symbol& right = line[left.behind];
    if (left.text.size() + right.text.size() != merge.bytes) continue;
    left.text = {left.text.data(), merge.bytes};
    right.text = {};
    left.behind = right.behind;
    if (left.behind != kNone) line[left.behind].before = merge.left;
    offer(merge.left);
    offer(left.before);
  }
  std::size_t tokens = 0;
  for (const Symbol& symbol : line)
    if (!symbol.text.empty()) tokens += has(symbol.text) ? 1 : unknown(symbol.text);
  return tokens;
}

std::size_t BytePairs::count_bytes(std::string_view word) const {
  std::vector<std::string_view> symbols;
  symbols.reserve(word.size());
  for (std::size_t i = 0; i < word.size(); ++i) symbols.push_back(word.substr(i, 1));
  return count(word, symbols, [](std::string_view symbol) { return symbol.size(); });
}

}  // namespace llmops
