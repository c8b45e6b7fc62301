#include "evaluators/providers/repeated_chunk.h"

#include <doctest/doctest.h>

using namespace llmops;

TEST_CASE("repeated chunk: only the text may differ") {
  const std::string first =
      R"({"id":"x","choices":[{"index":0,"delta":{"content":"Hi"},"end":null}]})";
  struct Row {
    const char* why;
    std::string chunk;
    const char* text;  // nullptr: has to be parsed
  };
  const auto with = [&](const std::string& text) {
    return R"({"id":"x","choices":[{"index":0,"delta":{"content":")" + text + R"("},"end":null}]})";
  };
  const Row rows[] = {
      {"the same again",      first,                                                                         "Hi"             },
      {"another text",        with(" there"),                                                                " there"         },
      {"no text",             with(""),                                                                      ""               },
      {"UTF-8",               with("\xC3\xBC"),                                                              "\xC3\xBC"       },
      {"half a character",    with("\xC3"),                                                                  nullptr          },
      {"an escape",           with("\\n"),                                                                   nullptr          },
      {"a control character", with("\x01"),                                                                  nullptr          },
      {"more members",        with(R"(a","role":"user)"),                                                    nullptr          },
      {"another id",          R"({"id":"y","choices":[{"index":0,"delta":{"content":"Hi"},"end":null}]})",
       nullptr                                                                                                                },
      {"another choice",
       R"({"id":"x","choices":[{"index":1,"delta":{"content":"Hi"},"end":null}]})",                          nullptr          },
      {"an end",              R"({"id":"x","choices":[{"index":0,"delta":{"content":"Hi"},"end":"stop"}]})",
       nullptr                                                                                                                },
      {"cut off",             first.substr(0,                                                                first.size() - 1), nullptr},
      {"the ends overlap",                     R"({"id":"x","choices":[{"index":0,"delta":{"content":"},"end":null}]})",
       nullptr     },
      {"nothing",                     "",                                                                                          nullptr                                                                               },
  };
  RepeatedChunk known;
  CHECK_FALSE(known.text_of(first).has_value());
  known.learn(first, "Hi");
  for (const Row& row : rows) {
    CAPTURE(row.why);
    const auto text = known.text_of(row.chunk);
    CHECK(text.has_value() == (row.text != nullptr));
    if (text && row.text != nullptr) CHECK(*text == row.text);
  }
}

TEST_CASE("repeated chunk: what looks ambiguous is not learned") {
  const std::pair<const char*, const char*> rows[] = {
      {R"({"content":"a\n"})",             "a\n"},
      {R"({"content":"a","content":"a"})", "a"  },
      {R"({"content":["a"]})",             "a"  },
      {R"({"content":"ab"})",              "a"  },
      {R"({"text":"a"})",                  "a"  },
      {R"({"content":"a)",                 "a"  },
  };
  for (const auto& [chunk, text] : rows) {
    CAPTURE(chunk);
    RepeatedChunk known;
    known.learn(R"({"content":"old"})", "old");
    known.learn(chunk, text);
    CHECK_FALSE(known.text_of(chunk).has_value());
    CHECK_FALSE(known.text_of(R"({"content":"old"})").has_value());
  }
}
