#include "evaluators/metrics/text/sorted_grams.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "datasets/random.h"
#include "evaluators/metrics/text/ngrams.h"

using namespace llmops;

TEST_CASE("sorted grams: count as the matcher by pairs does") {
  Random random(7);
  SortedGrams sorted;
  NgramMatcher matcher;
  for (int round = 0; round < 400; ++round) {
    const std::size_t alphabet = 1 + random.below(round % 5 == 0 ? 200 : 6);
    const std::size_t orders = 1 + random.below(7);
    TokenIds first(random.below(60)), second(random.below(60));
    for (std::uint32_t& id : first) id = 1 + static_cast<std::uint32_t>(random.below(alphabet));
    for (std::uint32_t& id : second) {
      id = static_cast<std::uint32_t>(random.below(alphabet + 1));
      if (std::ranges::find(first, id) == first.end()) id = 0;
    }
    if (round % 3 == 0) second = first;  // long common runs, up to both ends
    CAPTURE(round);
    REQUIRE(SortedGrams::takes(first.size() + second.size(), alphabet, orders));
    const auto found = sorted.match(first, second, alphabet, orders);
    const auto wanted = matcher.match(first, {&second, 1}, orders);
    CHECK(std::vector<std::int64_t>(found.begin(), found.end()) ==
          std::vector<std::int64_t>(wanted.begin(), wanted.end()));
  }
}

TEST_CASE("sorted grams: what does not fit is refused") {
  CHECK(SortedGrams::takes(1000, 90, 6));
  CHECK(SortedGrams::takes(1000, 1022, 6));
  CHECK_FALSE(SortedGrams::takes(1000, 1023, 6));
  CHECK_FALSE(SortedGrams::takes(100'000, 90, 6));
  CHECK_FALSE(SortedGrams::takes(1000, 10, 9));
  CHECK_FALSE(SortedGrams::takes(1000, 10, 0));
}
