#include "datasets/dedup.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "datasets/random.h"
#include "tests/support/reference.h"

using namespace llmops;

namespace {

std::string repeats(const std::string& text, const DedupOptions& options) {
  const test::TemporaryFolder folder;
  DatasetSpec spec;
  spec.path = folder.write("d.jsonl", text);
  const Result<Dataset> dataset = Dataset::open(spec);
  REQUIRE(dataset);
  std::string found;
  for (const Duplicate& each : find_duplicates(*dataset, options))
    found += fmt::format("{}{}={}:{:.2f}", found.empty() ? "" : " ", each.again_line,
                         each.first_line, each.similarity);
  return found;
}

DedupOptions options(Sameness sameness, std::vector<std::string> columns = {},
                     double threshold = 0.8) {
  return {.sameness = sameness, .columns = std::move(columns), .threshold = threshold};
}

}  // namespace

TEST_CASE("dedup: text as it is compared") {
  CHECK(normalised_text("  Hello,\n\tWORLD!! ") == "hello world");
  CHECK(normalised_text("Straße ﬁn Ｆｕｌｌ") == "strasse fin full");
  CHECK(normalised_text("don't") == "don t");
  CHECK(normalised_text("…") == "");
  CHECK(normalised_text("a\xFF") == "a\uFFFD");
}

TEST_CASE("dedup: similarity") {
  CHECK(jaccard("a b c d", "a b c d") == 1.0);
  CHECK(jaccard("a b c d", "a b c e") == doctest::Approx(1.0 / 3));  // abc | bcd, bce
  CHECK(jaccard("a b", "a b") == 1.0);
  CHECK(jaccard("a b", "a c") == 0.0);
  CHECK(jaccard("", "") == 1.0);
  CHECK(jaccard("", "a") == 0.0);
}

TEST_CASE("dedup: repeats of each kind") {
  const std::string text =
      "{\"id\":1,\"q\":\"What is the capital of France?\",\"n\":1}\n"
      "{\"id\":2,\"q\":\"what is the  capital of france\",\"n\":1}\n"
      "{\"id\":3,\"n\":1,\"q\":\"What is the capital of France?\"}\n"
      "{\"id\":4,\"q\":\"What is the capital of France?\",\"n\":2}\n"
      "{\"id\":5,\"q\":\"Who wrote Hamlet?\",\"n\":1}\n";
  CHECK(repeats(text, options(Sameness::exact)) == "3=1:1.00");
  CHECK(repeats(text, options(Sameness::exact, {"q"})) == "3=1:1.00 4=1:1.00");
  CHECK(repeats(text, options(Sameness::normalised)) == "2=1:1.00 3=1:1.00");
  CHECK(repeats(text, options(Sameness::normalised, {"q"})) == "2=1:1.00 3=1:1.00 4=1:1.00");
  CHECK(repeats(text, options(Sameness::exact, {"nothing"})) ==
        "2=1:1.00 3=1:1.00 4=1:1.00 5=1:1.00");
}

TEST_CASE("dedup: near repeats are found, others left alone") {
  // 200 texts of 60 random words; every tenth comes again with one word changed (similarity 55/61
  // or more).
  Random random(5);
  std::string text;
  std::string expected;
  std::vector<std::vector<int>> texts;
  for (int i = 0; i < 220; ++i) {
    std::vector<int> words;
    if (i >= 200) {
      words = texts[static_cast<std::size_t>(i - 200) * 10];
      words[30] = 9999;
      expected +=
          fmt::format("{}{}={}:0.90", expected.empty() ? "" : " ", i + 1, (i - 200) * 10 + 1);
    } else {
      for (int w = 0; w < 60; ++w) words.push_back(static_cast<int>(random.below(1000)));
    }
    text += fmt::format("{{\"id\":{},\"q\":\"word{}\"}}\n", i, fmt::join(words, " word"));
    texts.push_back(std::move(words));
  }
  CHECK(repeats(text, options(Sameness::near, {"q"})) == expected);
  CHECK(repeats(text, options(Sameness::near, {"q"}, 0.95)) == "");
}

TEST_CASE("dedup: many equal texts cost no square") {
  std::string text;
  for (int i = 0; i < 20000; ++i)
    text += fmt::format("{{\"id\":{},\"q\":\"the same text for everyone here\"}}\n", i);
  const test::TemporaryFolder folder;
  DatasetSpec spec;
  spec.path = folder.write("d.jsonl", text);
  const Result<Dataset> dataset = Dataset::open(spec);
  REQUIRE(dataset);
  for (const Sameness sameness : {Sameness::exact, Sameness::normalised, Sameness::near}) {
    const auto found = find_duplicates(*dataset, options(sameness, {"q"}));
    CHECK(found.size() == 19999);
    CHECK(found.back().first == 0);
  }
}
