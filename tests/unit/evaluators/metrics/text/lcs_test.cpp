#include "evaluators/metrics/text/lcs.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "datasets/random.h"

using namespace llmops;

namespace {

// The definition: the table of lengths, and rouge_score's way back through it.
std::vector<bool> by_definition(const std::vector<std::uint32_t>& reference,
                                const std::vector<std::uint32_t>& candidate) {
  const std::size_t width = candidate.size() + 1;
  std::vector<std::size_t> table((reference.size() + 1) * width, 0);
  for (std::size_t i = 1; i <= reference.size(); ++i)
    for (std::size_t j = 1; j < width; ++j)
      table[i * width + j] = reference[i - 1] == candidate[j - 1]
                                 ? table[(i - 1) * width + j - 1] + 1
                                 : std::max(table[(i - 1) * width + j], table[i * width + j - 1]);
  std::vector<bool> on_path(reference.size());
  for (std::size_t i = reference.size(), j = candidate.size(); i > 0 && j > 0;) {
    if (reference[i - 1] == candidate[j - 1]) {
      on_path[i - 1] = true;
      --i;
      --j;
    } else if (table[i * width + j - 1] > table[(i - 1) * width + j]) {
      --j;
    } else {
      --i;
    }
  }
  return on_path;
}

std::vector<std::uint32_t> tokens(Random& random, std::size_t most, std::uint64_t words) {
  std::vector<std::uint32_t> made(random.below(most));
  for (std::uint32_t& token : made) token = 1 + static_cast<std::uint32_t>(random.below(words));
  return made;
}

}  // namespace

TEST_CASE("lcs: the path is the one of the definition, in short texts and long ones") {
  Random random(11);
  for (int round = 0; round < 60; ++round) {
    const std::size_t most = round % 2 == 0 ? 90 : 420;
    const std::uint64_t words = round % 3 == 0 ? 3 : 80;
    const auto reference = tokens(random, most, words), candidate = tokens(random, most, words);
    CAPTURE(round);
    std::vector<bool> on_path(reference.size());
    mark_lcs(reference, candidate, on_path);
    CHECK(on_path == by_definition(reference, candidate));
    CHECK(static_cast<std::size_t>(std::ranges::count(on_path, true)) ==
          lcs_length(reference, candidate));
  }
}
