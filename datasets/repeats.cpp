#include "datasets/repeats.h"

#include <algorithm>

namespace llmops {

Pair id_pair(std::uint64_t id_hash, std::uint64_t record, bool given) {
  return {.key = id_hash, .value = record << 1 | (given ? 1U : 0U)};
}

Repeats find_repeats(const SortedPairs& ids, std::size_t most) {
  Repeats found;
  PairSorter occurrences;
  const auto earlier = [](const Repeat& a, const Repeat& b) { return a.again < b.again; };
  PairCursor cursor(ids);
  Pair pair;
  std::uint64_t key = 0, first = 0, count = 0;
  while (cursor.next(pair)) {
    const std::uint64_t record = pair.value >> 1;
    const bool given = (pair.value & 1) != 0;
    if (count == 0 || pair.key != key) {
      key = pair.key;
      first = record;
      count = 1;
      continue;
    }
    ++count;
    const Repeat repeat{.first = first, .again = record};
    if (!given) {
      occurrences.add({record, count});
      if (found.equal.empty()) found.equal.push_back(repeat);
      if (record < found.equal[0].again) found.equal[0] = repeat;
      continue;
    }
    ++found.given_count;
    found.given.push_back(repeat);  // a heap with the latest on top
    std::ranges::push_heap(found.given, earlier);
    if (found.given.size() > most) {
      std::ranges::pop_heap(found.given, earlier);
      found.given.pop_back();
    }
  }
  std::ranges::sort(found.given, earlier);
  found.occurrences = occurrences.finish();
  return found;
}

}  // namespace llmops
