#include "datasets/parallel.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <numeric>
#include <stdexcept>
#include <vector>

using namespace llmops;

TEST_CASE("parallel_for: each index once, for every count and grain") {
  for (const std::size_t count : {0, 1, 2, 17, 1000})
    for (const std::size_t grain : {0, 1, 16, 5000}) {
      CAPTURE(count);
      CAPTURE(grain);
      std::vector<int> seen(count);
      parallel_for(
          count, [&](std::size_t i) { ++seen[i]; }, grain);
      CHECK(std::ranges::all_of(seen, [](int times) { return times == 1; }));
    }
}

TEST_CASE("parallel_ranges: parts hold at most the grain") {
  std::atomic<std::size_t> longest = 0, all = 0;
  parallel_ranges(1000, 16, [&](std::size_t first, std::size_t last) {
    std::size_t before = longest;
    while (last - first > before && !longest.compare_exchange_weak(before, last - first)) {
    }
    all += last - first;
  });
  CHECK(longest <= 16);
  CHECK(all == 1000);
}

TEST_CASE(
    "parallel_for: what was written before is read inside, and after it what was written inside") {
  std::vector<int> values(10000);
  std::iota(values.begin(), values.end(), 0);
  std::vector<long> squares(values.size());
  parallel_for(values.size(), [&](std::size_t i) { squares[i] = long{values[i]} * values[i]; });
  CHECK(std::accumulate(squares.begin(), squares.end(), 0L) == 333283335000L);
}

TEST_CASE("parallel_for: an exception comes out of it") {
  CHECK_THROWS_WITH_AS(parallel_for(100,
                                    [](std::size_t i) {
                                      if (i == 63) throw std::runtime_error("disk full");
                                    }),
                       "disk full", std::runtime_error);
}
