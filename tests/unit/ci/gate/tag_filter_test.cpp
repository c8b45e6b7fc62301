#include "ci/gate/tag_filter.h"

#include <doctest/doctest.h>

using namespace llmops;

TEST_CASE("tag filter: which cases a rule looks at") {
  const std::vector<Tag> tags = {
      {"lang",   "de"   },
      {"urgent", "true" },
      {"topic",  "a b"  },
      {"old",    "false"}
  };
  struct Row {
    const char* text;
    bool matches;
  };
  const Row rows[] = {
      {"",                                     true },
      {"tags.lang = de",                       true },
      {"tags.lang=de",                         true },
      {"tags.lang = en",                       false},
      {"tags.lang != en",                      true },
      {"tags.lang != de",                      false},
      {"tags.missing = de",                    false},
      {"tags.missing != de",                   true },
      {"tags.urgent",                          true },
      {"tags.old",                             false},
      {"tags.missing",                         false},
      {"tags.topic = 'a b'",                   true },
      {"tags.lang = de and tags.urgent",       true },
      {"tags.lang = de and tags.topic != a b", false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto filter = TagFilter::parse(row.text);
    REQUIRE(filter);
    CHECK(filter->matches(tags) == row.matches);
  }
}

TEST_CASE("tag filter: what is no condition") {
  for (const char* text :
       {"lang = de", "tags.", "tags.lang =", "tags. = de", "tags.lang == de", "tags.lang < 3",
        "tags.lang = de and", "tags.lang = de and lang = en", "tags.a b"}) {
    CAPTURE(text);
    CHECK_FALSE(TagFilter::parse(text));
  }
}
