#include "evaluators/metrics/text/vocabulary.h"

#include <doctest/doctest.h>

#include <map>
#include <string>

#include "datasets/random.h"

using namespace llmops;

TEST_CASE("vocabulary: equal words have equal numbers, of all lengths and in every round") {
  Random random(3);
  Vocabulary vocabulary;
  for (int round = 0; round < 200; ++round) {
    // Words that differ in one byte, or in how many zeros they end with.
    std::string text, other;
    std::vector<std::size_t> ends;
    const std::size_t words = round % 20 == 0 ? 3000 : 1 + random.below(80);
    const auto make = [&](std::string& to, std::vector<std::size_t>& stops) {
      for (std::size_t w = 0; w < words; ++w) {
        std::string word(1 + random.below(40), 'x');
        if (random.below(2) == 0)
          word[random.below(word.size())] = static_cast<char>(random.below(3));
        if (random.below(4) == 0) word += std::to_string(random.below(1000));
        to += word;
        stops.push_back(to.size());
      }
    };
    std::vector<std::size_t> other_ends;
    make(text, ends);
    make(other, other_ends);
    const auto pieces = [](const std::string& from, const std::vector<std::size_t>& stops) {
      std::vector<std::string_view> views;
      std::size_t begin = 0;
      for (const std::size_t end : stops) {
        views.emplace_back(from.data() + begin, end - begin);
        begin = end;
      }
      return views;
    };
    const auto added = pieces(text, ends), asked = pieces(other, other_ends);
    std::vector<std::uint32_t> ids, found;
    vocabulary.clear();
    vocabulary.add(added, ids);
    vocabulary.find(asked, found);
    std::map<std::string_view, std::uint32_t> wanted;
    for (const std::string_view word : added)
      wanted.try_emplace(word, static_cast<std::uint32_t>(wanted.size() + 1));
    CAPTURE(round);
    CHECK(vocabulary.size() == wanted.size());
    for (std::size_t i = 0; i < words; ++i) {
      REQUIRE(ids[i] == wanted.at(added[i]));
      const auto known = wanted.find(asked[i]);
      REQUIRE(found[i] == (known == wanted.end() ? 0 : known->second));
    }
  }
}
