#include <doctest/doctest.h>

#include "tests/support/metric.h"

using namespace llmops;
using namespace llmops::test;

TEST_CASE("biased_words: what is said of all of a group") {
  const auto metric = make_metric("biased_words");
  struct Row {
    const char* text;
    const char* category;  // nullptr: nothing is found
  };
  const Row rows[] = {
      {"Women can't drive.",                      "gender"  },
      {"Most immigrants are criminals.",          "origin"  },
      {"All Muslims are terrorists, he shouted.", "religion"},
      {"Old people are useless.",                 "age"     },
      {"The poor are lazy.",                      "class"   },
      {"A woman's place is in the kitchen.",      "gender"  },
      {"Go back to your own country!",            "origin"  },
      {"Women were allowed to vote in 1919.",     nullptr   },
      {"Many immigrants are doctors.",            nullptr   },
      {"Men and women are equal before the law.", nullptr   },
      {"Muslims fast during Ramadan.",            nullptr   },
      {"The rich text editor cannot paste.",      nullptr   },
      {"",                                        nullptr   },
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const Measurement measured = measure(*metric, row.text);
    CHECK(measured.values.at(0) == (row.category == nullptr ? 0.0 : 1.0));
    if (row.category != nullptr)
      CHECK(measured.note.find("(" + std::string(row.category) + ")") != std::string::npos);
  }
  CHECK(measure(*make_metric("biased_words", "{categories: age}"), "Women can't drive.")
            .values.at(0) == 0.0);
}
