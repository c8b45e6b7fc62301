#include "evaluators/encoder/token_vocabulary.h"

#include <doctest/doctest.h>

#include <string>

using namespace llmops;

TEST_CASE("token vocabulary: finds each token and nothing else, however many there are") {
  TokenVocabulary words;
  CHECK_FALSE(words.find("").has_value());
  CHECK(words.size() == 0);
  constexpr TokenId kMany = 5000;
  for (TokenId i = 0; i < kMany; ++i) words.set(std::to_string(i), i);
  words.set("", kMany);
  words.set("a\0b", kMany + 1);
  words.set(std::string_view("a\0b", 3), kMany + 2);
  for (TokenId i = 0; i < kMany; ++i) REQUIRE(words.find(std::to_string(i)) == i);
  CHECK(words.find("") == kMany);
  CHECK(words.find("a") == kMany + 1);
  CHECK(words.find(std::string_view("a\0b", 3)) == kMany + 2);
  CHECK_FALSE(words.find("5000").has_value());
  CHECK(words.size() == kMany + 3);
  CHECK(words.highest_id() == kMany + 2);

  words.set("7", 9000);  // the last id counts
  CHECK(words.find("7") == 9000);
  CHECK(words.size() == kMany + 3);
  CHECK(words.highest_id() == 9000);

  TokenVocabulary reserved;
  reserved.reserve(100);
  reserved.set("x", -1);
  reserved.reserve(1000);
  CHECK(reserved.find("x") == -1);
  CHECK(reserved.highest_id() == 0);
}
