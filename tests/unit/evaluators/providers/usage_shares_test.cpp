#include "evaluators/providers/usage_shares.h"

#include <doctest/doctest.h>

using namespace llmops;

TEST_CASE("usage_shares: the shares add up to what the server counted") {
  using Counts = std::vector<std::int64_t>;
  struct Row {
    const char* why;
    std::int64_t input, output;
    std::vector<double> lengths;
    Counts inputs, outputs;
  };
  const Row rows[] = {
      {"one answer is the call",              10, 7,  {3},       {10},      {7}      },
      {"equal answers",                       10, 6,  {2, 2},    {5, 5},    {3, 3}   },
      {"the longer one wrote more",           8,  9,  {20, 10},  {4, 4},    {6, 3}   },
      {"what does not divide: the first",     10, 10, {1, 1, 1}, {4, 3, 3}, {4, 3, 3}},
      {"the largest remainder gets the rest", 9,  10, {5, 3, 3}, {3, 3, 3}, {4, 3, 3}},
      {"an empty answer wrote nothing",       2,  5,  {0, 7},    {1, 1},    {0, 5}   },
      {"no lengths are known",                4,  5,  {0, 0},    {2, 2},    {3, 2}   },
      {"fewer tokens than answers",           1,  1,  {1, 1, 1}, {1, 0, 0}, {1, 0, 0}},
      {"nothing",                             0,  0,  {1, 2},    {0, 0},    {0, 0}   },
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    const Usage whole{row.input, row.output, row.input, row.output};
    const std::vector<Usage> shares = usage_shares(whole, row.lengths);
    REQUIRE(shares.size() == row.lengths.size());
    for (std::size_t i = 0; i < shares.size(); ++i) {
      CAPTURE(i);
      CHECK(shares[i].input == row.inputs[i]);
      CHECK(shares[i].cached == row.inputs[i]);
      CHECK(shares[i].output == row.outputs[i]);
      CHECK(shares[i].reasoning == row.outputs[i]);
    }
  }
}

TEST_CASE("usage_shares: a count that the server did not give is absent in every share") {
  for (const Usage& share : usage_shares({10, {}, {}, {}}, std::vector<double>{1, 2})) {
    CHECK(share.input == 5);
    CHECK_FALSE(share.output.has_value());
    CHECK_FALSE(share.cached.has_value());
  }
}

TEST_CASE("usage_shares: sums hold for any counts and lengths") {
  std::int64_t count = 1;
  for (int round = 0; round < 200; ++round) {
    count = count * 7 % 1'000'003 + round;
    std::vector<double> lengths;
    for (int i = 0; i <= round % 9; ++i)
      lengths.push_back(static_cast<double>((count >> i) % 97) / 7);
    std::int64_t input = 0, output = 0;
    for (const Usage& share : usage_shares({count, count / 3, {}, {}}, lengths)) {
      CHECK(*share.input >= 0);
      CHECK(*share.output >= 0);
      input += *share.input;
      output += *share.output;
    }
    CHECK(input == count);
    CHECK(output == count / 3);
  }
}
