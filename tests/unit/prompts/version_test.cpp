#include "prompts/version.h"

#include <doctest/doctest.h>

using namespace llmops;

TEST_CASE("version: precedence as semver.org states it") {
  const char* ascending[] = {
      "0.0.0",      "0.9.9",        "1.0.0-alpha",   "1.0.0-alpha.1", "1.0.0-alpha.beta",
      "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1",    "1.0.0",
      "1.2.0",      "1.9.0",        "1.10.0",        "2.0.0",         "10.0.0"};
  for (std::size_t i = 0; i < std::size(ascending); ++i) {
    for (std::size_t j = 0; j < std::size(ascending); ++j) {
      CAPTURE(ascending[i]);
      CAPTURE(ascending[j]);
      const auto order = *parse_version(ascending[i]) <=> *parse_version(ascending[j]);
      CHECK((order < 0) == (i < j));
      CHECK((order == 0) == (i == j));
    }
  }
  CHECK(*parse_version("1.0.0+a") == *parse_version("1.0.0+b"));
}

TEST_CASE("version: what is none, and why") {
  struct Row {
    const char* text;
    const char* help;
  };
  const Row rows[] = {
      {"1",                        "a version has three numbers: `1.0.0`"},
      {"1.2",                      "a version has three numbers: `1.2.0`"},
      {"v1.2.3",                   "write it without the letter: `1.2.3`"},
      {"01.2.3",                   "numbers have no leading zeros"       },
      {"",
       "a version has three numbers: `1.0.0`, perhaps with a pre-release behind them: "
       "`1.0.0-rc.1`"                                                    },
      {"1.2.3.4",
       "a version has three numbers: `1.0.0`, perhaps with a pre-release behind them: "
       "`1.0.0-rc.1`"                                                    },
      {"1.2.3-",
       "a version has three numbers: `1.0.0`, perhaps with a pre-release behind them: "
       "`1.0.0-rc.1`"                                                    },
      {"1.2.3-01",
       "a version has three numbers: `1.0.0`, perhaps with a pre-release behind them: "
       "`1.0.0-rc.1`"                                                    },
      {"1.2.3+",
       "a version has three numbers: `1.0.0`, perhaps with a pre-release behind them: "
       "`1.0.0-rc.1`"                                                    },
      {"1.2.x",
       "a version has three numbers: `1.0.0`, perhaps with a pre-release behind them: "
       "`1.0.0-rc.1`"                                                    },
      {"99999999999999999999.0.0", "numbers have no leading zeros"       },
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK_FALSE(parse_version(row.text));
    CHECK(version_help(row.text) == row.help);
  }
  CHECK(parse_version("1.2.3-0.a-b+001.x"));
}
