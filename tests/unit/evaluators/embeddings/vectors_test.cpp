#include "evaluators/embeddings/vectors.h"

#include <doctest/doctest.h>

#include "datasets/text/json.h"

using namespace llmops;

namespace {

std::string shown(const std::vector<TextVectors>& vectors) {
  std::string text;
  for (const TextVectors& each : vectors) {
    text += std::to_string(each.rows) + "x" + std::to_string(each.width()) + ":";
    for (const float value : each.values) text += " " + std::to_string(static_cast<int>(value));
    text += ";";
  }
  return text;
}

}  // namespace

TEST_CASE("embeddings: answers in every server's shape") {
  struct Row {
    const char* why;
    const char* json;
    std::size_t texts;
    const char* expected;  // vectors, or what is wrong
  };
  const Row rows[] = {
      {"OpenAI, in order",
       R"({"data":[{"index":0,"embedding":[1,2]},{"index":1,"embedding":[3,4]}]})",                 2,
       "1x2: 1 2;1x2: 3 4;"                                                                                                                      },
      {"the index counts, not the order",
       R"({"data":[{"index":1,"embedding":[3,4]},{"index":0,"embedding":[1,2]}]})",                 2,
       "1x2: 1 2;1x2: 3 4;"                                                                                                                      },
      {"without an index the order counts",    R"({"data":[{"embedding":[1]},{"embedding":[2]}]})", 2,
       "1x1: 1;1x1: 2;"                                                                                                                          },
      {"base64 of float32: 1, 2",              R"({"data":[{"embedding":"AACAPwAAAEA="}]})",        1, "1x2: 1 2;"                               },
      {"text-embeddings-inference /embed",     "[[1,2],[3,4]]",                                     2, "1x2: 1 2;1x2: 3 4;"                      },
      {"text-embeddings-inference /embed_all", "[[[1,2],[3,4]],[[5,6]]]",                           2,
       "2x2: 1 2 3 4;1x2: 5 6;"                                                                                                                  },
      {"llama.cpp",                            R"([{"index":0,"embedding":[[1,2],[3,4]]}])",        1, "2x2: 1 2 3 4;"                           },
      {"vLLM /pooling",
       R"({"object":"list","data":[{"index":0,"object":"pooling","data":[[1,2],[3,4]]}]})",         1,
       "2x2: 1 2 3 4;"                                                                                                                           },
      {"too few",                              R"({"data":[{"embedding":[1]}]})",                   2, "1 embeddings came for 2 texts"           },
      {"twice the same place",
       R"({"data":[{"index":0,"embedding":[1]},{"index":0,"embedding":[1]}]})",                     2,
       "the embeddings' indices are not those of the texts"                                                                                      },
      {"a place beyond the end",               R"({"data":[{"index":7,"embedding":[1]}]})",         1,
       "the embeddings' indices are not those of the texts"                                                                                      },
      {"a negative place",                     R"({"data":[{"index":-1,"embedding":[1]}]})",        1,
       "the embeddings' indices are not those of the texts"                                                                                      },
      {"different widths",                     R"([[1,2],[3]])",                                    2, "embedding 1 has 1 numbers, the others 2" },
      {"ragged rows",                          R"([[[1,2],[3]]])",                                  1, "embedding 0 is no list of finite numbers"},
      {"beyond float32",                       R"([[1e300]])",                                      1, "embedding 0 is no list of finite numbers"},
      {"null where NaN was",                   R"([[1,null]])",                                     1, "embedding 0 is no list of finite numbers"},
      {"empty",                                R"([[]])",                                           1, "embedding 0 is no list of finite numbers"},
      {"cut base64",                           R"({"data":[{"embedding":"AACA"}]})",                1,
       "embedding 0 is no list of finite numbers"                                                                                                },
      {"base64 of NaN",                        R"({"data":[{"embedding":"AADAfw=="}]})",            1,
       "embedding 0 is no list of finite numbers"                                                                                                },
      {"no list",                              R"({"data":{}})",                                    1, "the answer holds no list of embeddings"  },
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    const Result<Value> document = parse_json(row.json, "answer");
    REQUIRE(document);
    const auto vectors = read_vectors(*document, row.texts);
    CHECK((vectors ? shown(*vectors) : vectors.problems()[0].what) == row.expected);
  }
}

TEST_CASE("embeddings: packed and unpacked") {
  const std::vector<TextVectors> vectors{
      {.rows = 1, .values = {1, 2},       .why = ""},
      {.rows = 2, .values = {3, 4, 5, 6}, .why = ""}
  };
  const std::string bytes = pack(vectors);
  CHECK(shown(unpack(bytes)) == "1x2: 1 2;2x2: 3 4 5 6;");
  CHECK(unpack(bytes.substr(0, bytes.size() - 1)).empty());
  CHECK(unpack("nonsense that is no vector").empty());
  CHECK(unpack("").empty());
}
