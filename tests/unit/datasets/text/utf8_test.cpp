#include "datasets/text/utf8.h"

#include <doctest/doctest.h>

#include <string>

using namespace llmops;

TEST_CASE("utf8: valid, repaired, counted") {
  struct Row {
    const char* why;
    std::string text;
    const char* repaired;
    std::size_t count;
  };
  const Row rows[] = {
      {"nothing",                 "",                                                     "",                         0 },
      {"ASCII",                   "abc",                                                  "abc",                      3 },
      {"two to four bytes",       "é€😀",                                            "é€😀",                3 },
      {"highest code point",      "\xF4\x8F\xBF\xBF",                                     "\xF4\x8F\xBF\xBF",         1 },
      {"beyond it",               "\xF4\x90\x80\x80",                                     "\uFFFD\uFFFD\uFFFD\uFFFD", 4 },
      {"a lone continuation",     "a\x80z",                                               "a\uFFFDz",                 3 },
      {"cut off",                 "\xE2\x82",                                             "\uFFFD",                   1 },
      {"cut off before more",     "\xF0\x9F\x98z",                                        "\uFFFDz",                  2 },
      {"overlong slash",          "\xC0\xAF",                                             "\uFFFD\uFFFD",             2 },
      {"surrogate",               "\xED\xA0\x80",                                         "\uFFFD\uFFFD\uFFFD",       3 },
      {"table 3-8 of Unicode 15", "\x61\xF1\x80\x80\xE1\x80\xC2\x62\x80\x63\x80\xBF\x64",
       "a\uFFFD\uFFFD\uFFFD"
       "b\uFFFD"
       "c\uFFFD\uFFFD"
       "d",                                                                                                           10},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    CHECK(repair_utf8(row.text) == row.repaired);
    CHECK(code_points(row.text) == row.count);
    CHECK(decode_utf8(row.text).size() == row.count);
    CHECK(valid_utf8(row.text) == (row.text == row.repaired));
    std::string again;
    for (const char32_t c : decode_utf8(row.text)) append_utf8(again, c);
    CHECK(again == row.repaired);
  }
}

TEST_CASE("utf8: length of the code point in front") {
  CHECK(utf8_length("") == 0);
  CHECK(utf8_length("a") == 1);
  CHECK(utf8_length("éa") == 2);
  CHECK(utf8_length("😀") == 4);
  CHECK(utf8_length("\x80") == 0);
  CHECK(utf8_length("\xE2\x82") == 0);
}

TEST_CASE("utf8: slices") {
  CHECK(code_point_slice("aé€z", 1, 2) == "é€");
  CHECK(code_point_slice("aé€z", 3, 9) == "z");
  CHECK(code_point_slice("abc", 5, 1) == "");
}

TEST_CASE("utf8: columns on a terminal") {
  CHECK(terminal_columns("abc") == 3);
  CHECK(terminal_columns("日本") == 4);
  CHECK(terminal_columns("e\xCC\x81") == 1);
  CHECK(terminal_columns("😀") == 2);
  CHECK(terminal_columns("é\uFFFD") == 2);
  CHECK(terminal_columns("\xFF") == 1);
}

TEST_CASE("utf8: what a terminal must not get") {
  struct Row {
    const char* why;
    std::string text;
    const char* line;
    const char* lines;
  };
  const Row rows[] = {
      {"plain",           "aé😀",            "aé😀",      "aé😀"                           },
      {"line breaks",     "a\n\tb\r",           "a\\n\\tb\\r",  "a\n\tb\\r"                         },
      {"escape sequence", "\x1b[31mred",        "\\x1b[31mred", "\\x1b[31mred"                      },
      {"C1",              "\xC2\x9B",           "\\x9b",        "\\x9b"                             },
      {"NUL and DEL",     std::string("\0\x7f", 2),             "\\x00\\x7f",                         "\\x00\\x7f"},
      {"bidirectional override",                 "a\u202Eb",              "a\\u202eb",  "a\\u202eb"             },
      {"isolate",                 "\u2066x\u2069",                             "\\u2066x\\u2069",            "\\u2066x\\u2069"},
      {"zero width",                 "a\u200Bb\uFEFF",                          "a\\u200bb\\ufeff",        "a\\u200bb\\ufeff"           },
      {"tag characters",                 "\U000E0041",                      "\\U000e0041",        "\\U000e0041"},
      {"broken",                 "a\xFF",                              "a\uFFFD",                     "a\uFFFD"                    },
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    CHECK(visible(row.text) == row.line);
    CHECK(visible_lines(row.text) == row.lines);
  }
}
