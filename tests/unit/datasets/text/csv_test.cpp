#include "datasets/text/csv.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/support/reference.h"

using namespace llmops;

namespace {

// The records as `cell|cell` lines with the place of each cell, then the problems.
std::string read(const std::string& text, char separator = ',', bool places = false) {
  const test::TemporaryFolder folder;
  const auto path = folder.write("t", text);
  CsvReader csv(*ByteReader::open(path), separator);
  std::string out;
  std::vector<CsvCell> cells;
  Diagnostics problems;
  while (csv.next(cells, problems)) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      out += (i > 0 ? "|" : "") + cells[i].text;
      if (places) out += fmt::format("@{}:{}", cells[i].mark.line, cells[i].mark.column);
    }
    out += "\n";
  }
  std::string messages = render(problems);
  const std::string prefix = folder.path().string() + "/";
  for (std::size_t at = 0; (at = messages.find(prefix, at)) != std::string::npos;)
    messages.erase(at, prefix.size());
  return out + messages;
}

}  // namespace

TEST_CASE("csv: records of RFC 4180") {
  struct Row {
    const char* why;
    std::string text;
    const char* expected;
  };
  const Row rows[] = {
      {"nothing",                          "",                                ""               },
      {"last line without a break",        "a,b\nc,d",                        "a|b\nc|d\n"     },
      {"CRLF",                             "a,b\r\nc,d\r\n",                  "a|b\nc|d\n"     },
      {"byte order mark",                  "\xEF\xBB\xBF\x61,b\n",            "a|b\n"          },
      {"empty cells",                      ",\n,,\n",                         "|\n||\n"        },
      {"blanks belong to a cell",          " a , b \n",                       " a | b \n"      },
      {"quotes",                           "\"a\",\"b,c\",\"d \"\"e\"\"\"\n", "a|b,c|d \"e\"\n"},
      {"an empty quoted cell",             "\"\",x\n",                        "|x\n"           },
      {"line breaks inside quotes",        "\"a\nb\",\"c\r\nd\"\n",           "a\nb|c\r\nd\n"  },
      {"blank lines",                      "\n\r\na\n\n\nb\n\n",              "a\nb\n"         },
      {"quoted last cell without a break", "a,\"b\"",                         "a|b\n"          },
      {"quoted cell before CRLF",          "a,\"b\"\r\nc,d\r\n",              "a|b\nc|d\n"     },
      {"a lone CR belongs to a cell",      "a\rb,c\n",                        "a\rb|c\n"       },
      {"separator at the end",             "a,\n",                            "a|\n"           },
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    CHECK(read(row.text) == row.expected);
  }
}

TEST_CASE("csv: places are lines and characters") {
  CHECK(read("é,\"b\nc\",d\n\n,x\n", ',', true) == "é@1:1|b\nc@1:3|d@2:4\n@4:1|x@4:2\n");
}

TEST_CASE("csv: tabs") {
  CHECK(read("a\tb, c\t5\" disk\n\"x\ty\"\tz\t\n", '\t') == "a|b, c|5\" disk\nx\ty|z|\n");
}

TEST_CASE("csv: a broken record is told and skipped") {
  struct Row {
    const char* why;
    std::string text;
    std::string expected;
  };
  const std::string nul("a\nb\0c\nd\n", 8);
  const std::string doubled = "  = help: a quote inside a quoted cell is doubled\n";
  const Row rows[] = {
      {"unclosed quote",              "a,\"b\nc,d\n",         R"(c|d
t:1:3: error: a quote that is not closed
 1 | a,"b
   |   ^ expected a closing `"`
)" + doubled},
      {"text after a closing quote",  "a,\"b\"c\nd,e\n",      R"(d|e
t:1:6: error: text after a closing quote
 1 | a,"b"c
   |      ^ expected `,` or the end of the line
)" + doubled},
      {"a quote inside a plain cell", "x\n5\" disk,1\nd,e\n", R"(x
d|e
t:2:2: error: a quote inside a cell that is not quoted
 2 | 5" disk,1
   |  ^ expected the whole cell in quotes
)" + doubled  },
      {"broken UTF-8",                "a\nb,\xE9t\xE9\nc\n",
       "a\nc\nt:2:3: error: byte 0xE9 is not valid UTF-8\n 2 | b,\uFFFDt\uFFFD\n   |   ^ expected "
       "a text in UTF-8\n"                                                    },
      {"NUL",                         nul,                    R"(a
d
t:2:2: error: a NUL byte
 2 | b\x00c
   |  ^^^^ expected a text in UTF-8
  = help: is the file UTF-16? `iconv -f UTF-16 -t UTF-8` converts it
)"            },
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    CHECK(read(row.text) == row.expected);
  }
}

TEST_CASE("csv: cells and records longer than the buffer") {
  const std::string lengthy(300000, 'x');
  CHECK(read("a," + lengthy + "\n\"" + lengthy + "\n\"\"\",b\n") ==
        "a|" + lengthy + "\n" + lengthy + "\n\"|b\n");
  std::string many;
  std::string expected;
  for (int i = 0; i < 30000; ++i) {
    many += fmt::format("{},\"v{}\"\r\n", i, i);
    expected += fmt::format("{}|v{}\n", i, i);
  }
  CHECK(read(many) == expected);
}
