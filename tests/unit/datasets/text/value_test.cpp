#include "datasets/text/value.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <limits>

#include "datasets/text/json.h"

using namespace llmops;

TEST_CASE("value: equality knows numbers, order of lists, and nothing of the order of members") {
  struct Row {
    const char* a;
    const char* b;
    bool equal;
  };
  const Row rows[] = {
      {"1",                    "1.0",                true },
      {"1",                    "true",               false},
      {"null",                 "0",                  false},
      {"\"1\"",                "1",                  false},
      {"[1,2]",                "[2,1]",              false},
      {R"({"a":1,"b":[2.0]})", R"({"b":[2],"a":1})", true },
      {R"({"a":1})",           R"({"a":1,"b":2})",   false},
      {R"({"a":1,"a":2})",     R"({"a":2})",         true },
      {R"({"a":1,"a":2})",     R"({"a":2,"b":2})",   false},
      {R"({"a":2,"b":2})",     R"({"a":1,"a":2})",   false},
      {"{}",                   "[]",                 false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.a);
    CAPTURE(row.b);
    CHECK((*parse_json(row.a, "a") == *parse_json(row.b, "b")) == row.equal);
  }
  Object wide, reversed;
  for (int i = 0; i < 20000; ++i) wide.add(fmt::format("k{}", i), i);
  for (int i = 20000; i-- > 0;) reversed.add(fmt::format("k{}", i), i);
  CHECK(wide == reversed);
  reversed.add("more", 1);
  CHECK_FALSE(wide == reversed);
}

TEST_CASE("value: paths") {
  const Value root = *parse_json(
      R"({"a":{"b":[10,{"c":"x"}]},"a.b":"dotted","m/n":1,"m~n":2,"":{"":3},"/s":4,"01":5})", "t");
  struct Row {
    const char* path;
    const char* found;  // nullptr: nothing
  };
  const Row rows[] = {
      {"a.b.0",                     "10"               },
      {"/a/b/0",                    "10"               },
      {"/a/b/1/c",                  "\"x\""            },
      {"a.b",                       "\"dotted\""       },
      {"/a/b",                      R"([10,{"c":"x"}])"},
      {"/m~1n",                     "1"                },
      {"m/n",                       "1"                },
      {"/m~0n",                     "2"                },
      {"//",                        "3"                },
      {"/s",                        "4"                },
      {"a.b.2",                     nullptr            },
      {"/a/b/-",                    nullptr            },
      {"/a/b/01",                   nullptr            },
      {"a.x",                       nullptr            },
      {"a.b.0.c",                   nullptr            },
      {"/a/b/18446744073709551616", nullptr            },
      {"01",                        "5"                },
      {"a..b",                      nullptr            },
  };
  for (const Row& row : rows) {
    CAPTURE(row.path);
    const Value* found = find_path(root, row.path);
    CHECK((found == nullptr) == (row.found == nullptr));
    if (found != nullptr && row.found != nullptr) CHECK(dump_json(*found) == row.found);
  }
}

TEST_CASE("value: paths from a list on") {
  const Value root = *parse_json(R"([{"a":{"b":1}},[2,[3]]])", "t");
  struct Row {
    const char* path;
    const char* found;  // nullptr: nothing
  };
  const Row rows[] = {
      {"0.a.b",  "1"    },
      {"/0/a/b", "1"    },
      {"1.1.0",  "3"    },
      {"/1/0",   "2"    },
      {"2",      nullptr},
      {"/1/0/x", nullptr},
      {"a",      nullptr},
  };
  for (const Row& row : rows) {
    CAPTURE(row.path);
    const Value* found = find_path(root, row.path);
    CHECK((found == nullptr) == (row.found == nullptr));
    if (found != nullptr && row.found != nullptr) CHECK(dump_json(*found) == row.found);
  }
}

TEST_CASE("value: as text") {
  CHECK(to_text(Value()) == "");
  CHECK(to_text(Value("x")) == "x");
  CHECK(to_text(Value(3)) == "3");
  CHECK(to_text(Value(0.5)) == "0.5");
  CHECK(to_text(Value(true)) == "true");
  CHECK(to_text(Value(List{1, "a"})) == "[1,\"a\"]");
  CHECK(Value(std::numeric_limits<std::uint64_t>::max()).number() ==
        doctest::Approx(1.8446744073709552e19));
}

TEST_CASE("object: set replaces, add appends, find takes the last") {
  Object object{
      {"a", 1}
  };
  object.add("a", 2);
  CHECK(object.size() == 2);
  CHECK(*object.find("a")->integer() == 2);
  object.set("a", 3);
  CHECK(object.size() == 2);
  object.set("b", 4);
  CHECK(object.size() == 3);
  CHECK(object.erase("a"));
  CHECK_FALSE(object.erase("a"));
  CHECK(object.size() == 1);
}
