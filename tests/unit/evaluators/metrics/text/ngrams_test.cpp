#include "evaluators/metrics/text/ngrams.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "datasets/random.h"

using namespace llmops;

namespace {

using Gram = std::vector<std::uint32_t>;

std::map<Gram, std::int64_t> grams_of(const TokenIds& ids, std::size_t order) {
  std::map<Gram, std::int64_t> counts;
  for (std::size_t i = 0; i + order <= ids.size(); ++i)
    ++counts[Gram(ids.begin() + static_cast<std::ptrdiff_t>(i),
                  ids.begin() + static_cast<std::ptrdiff_t>(i + order))];
  return counts;
}

// By the definition: each n-gram as often as the hypothesis has it, at most as often as the
// reference that has it most.
std::vector<std::int64_t> shared(const TokenIds& hypothesis, std::span<const TokenIds> references,
                                 std::size_t orders) {
  std::vector<std::int64_t> matches(orders);
  for (std::size_t order = 1; order <= orders; ++order) {
    std::map<Gram, std::int64_t> most;
    for (const TokenIds& reference : references)
      for (const auto& [gram, count] : grams_of(reference, order))
        most[gram] = std::max(most[gram], count);
    for (const auto& [gram, count] : grams_of(hypothesis, order))
      if (const auto found = most.find(gram); found != most.end())
        matches[order - 1] += std::min(count, found->second);
  }
  return matches;
}

}  // namespace

TEST_CASE("n-grams: shared ones as the definition counts them, short texts and long ones") {
  Random random(11);
  NgramMatcher matcher;
  for (int round = 0; round < 300; ++round) {
    // Around the sizes where short texts end, and below.
    const std::size_t longest = round % 4 == 0 ? 254 + random.below(5) : random.below(40);
    const std::size_t alphabet = 1 + random.below(round % 5 == 0 ? 300 : 5);
    TokenIds hypothesis(longest);
    for (std::uint32_t& id : hypothesis)
      id = 1 + static_cast<std::uint32_t>(random.below(alphabet));
    std::vector<TokenIds> references(1 + random.below(3));
    for (TokenIds& reference : references) {
      reference.resize(random.below(300));
      for (std::uint32_t& id : reference) {
        id = static_cast<std::uint32_t>(random.below(alphabet + 1));
        if (std::ranges::find(hypothesis, id) == hypothesis.end()) id = 0;
      }
      if (random.below(4) == 0) reference = hypothesis;
    }
    const std::size_t orders = 1 + random.below(6);
    CAPTURE(round);
    const auto found = matcher.match(hypothesis, references, orders);
    CHECK(std::vector<std::int64_t>(found.begin(), found.end()) ==
          shared(hypothesis, references, orders));
  }
}
