#include "datasets/text/hidden.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace llmops;

TEST_CASE("hidden: what a reader cannot see") {
  struct Row {
    const char* why;
    const char* text;
    const char* found;  // kind:code point@byte
  };
  const Row rows[] = {
      {"plain",                          "Straße, naïve, 日本語, 😀",                                 ""                   },
      {"override",                       "a\u202Eb\u202C",                                                   "b:202e@1 b:202c@5"  },
      {"isolates",                       "\u2066x\u2069",                                                    "b:2066@0 b:2069@4"  },
      {"smuggled letters",               "x\U000E0041\U000E0042",                                            "t:e0041@1 t:e0042@5"},
      {"the flag of Scotland",           "🏴\U000E0067\U000E0062\U000E0073\U000E0063\U000E0074\U000E007F",
       ""                                                                                                                         },
      {"tags after a flag and a letter", "🏴x\U000E0067",                                                  "t:e0067@5"          },
      {"zero width space",               "pass\u200Bword",                                                   "i:200b@4"           },
      {"soft hyphen",                    "co\u00ADop",                                                       "i:ad@2"             },
      {"byte order mark in front",       "\uFEFFx",                                                          ""                   },
      {"and inside",                     "x\uFEFF",                                                          "i:feff@1"           },
      {"family",                         "👨\u200D👩\u200D👧",                                         ""                   },
      {"joiner between Latin letters",   "a\u200Db",                                                         "i:200d@1"           },
      {"non-joiner in Persian",          "می\u200Cخواهم",                                             ""                   },
      {"Hangul filler",                  "x\u3164",                                                          "i:3164@1"           },
      {"marks of right-to-left text",    "א\u200Fב",                                                       ""                   },
      {"broken bytes",                   "\xFF\xE2\x80",                                                     ""                   },
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    std::string found;
    for (const HiddenCharacter& each : hidden_characters(row.text))
      found += fmt::format("{}{}:{:x}@{}", found.empty() ? "" : " ",
                           each.kind == HiddenKind::bidirectional ? "b"
                           : each.kind == HiddenKind::tag         ? "t"
                                                                  : "i",
                           static_cast<unsigned>(each.code_point), each.offset);
    CHECK(found == row.found);
  }
}
