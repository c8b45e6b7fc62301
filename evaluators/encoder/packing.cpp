#include "evaluators/encoder/packing.h"

#include <algorithm>
#include <map>
#include <numeric>

namespace llmops {

std::vector<Block> pack_texts(std::span<const TokenIds> texts, std::size_t most_rows) {
  std::vector<std::size_t> order(texts.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(
      order, [&](std::size_t a, std::size_t b) { return texts[a].size() > texts[b].size(); });
  std::vector<Block> blocks;
  std::multimap<std::size_t, std::size_t> room;  // rows that are left -> block
  for (const std::size_t text : order) {
    const std::size_t length = texts[text].size();
    std::size_t block = blocks.size();
    const auto fitting = room.lower_bound(length);  // the tightest
    if (fitting == room.end()) {
      blocks.emplace_back();
    } else {
      block = fitting->second;
      room.erase(fitting);
    }
    Block& to = blocks[block];
    to.texts.push_back({text, to.rows, length});
    to.rows += length;
    if (to.rows < most_rows) room.emplace(most_rows - to.rows, block);
  }
  return blocks;
}

}  // namespace llmops
