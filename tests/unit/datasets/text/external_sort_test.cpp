#include "datasets/text/external_sort.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "datasets/random.h"

using namespace llmops;

TEST_CASE("external sort: the same in memory and in a file") {
  for (const std::size_t count : {0U, 1U, 5U, 1024U, 1025U, 10000U}) {
    for (const std::size_t most : {1000000U, 1000U, 7U}) {
      if (most == 7 && count > 1025) continue;  // thousands of runs of seven
      CAPTURE(count);
      CAPTURE(most);
      Random random(count);
      PairSorter sorter(most);
      std::vector<Pair> expected;
      for (std::size_t i = 0; i < count; ++i) {
        const Pair pair{random.below(count / 2 + 1), i};
        sorter.add(pair);
        expected.push_back(pair);
      }
      std::ranges::sort(expected);
      const SortedPairs sorted = sorter.finish();
      CHECK(sorted.size() == count);
      std::vector<Pair> got;
      Pair pair;
      for (PairCursor cursor(sorted); cursor.next(pair);) got.push_back(pair);
      CHECK(got == expected);
      std::uint64_t value = 0;
      CHECK_FALSE(sorted.find(count + 10, value));
      if (count == 0) continue;
      REQUIRE(sorted.find(expected[count / 2].key, value));
      const auto first =
          std::ranges::lower_bound(expected, expected[count / 2].key, {}, &Pair::key);
      CHECK(value == first->value);
    }
  }
}
