#include "datasets/text/edit_distance.h"

#include <doctest/doctest.h>

#include <string>

using namespace llmops;

TEST_CASE("edit_distance: edits between names") {
  struct Row {
    const char* a;
    const char* b;
    std::size_t distance;
  };
  const Row rows[] = {
      {"",           "",            0},
      {"",           "abc",         3},
      {"abc",        "abc",         0},
      {"csv",        "cvs",         1},
      {"kitten",     "sitting",     3},
      {"temprature", "temperature", 1},
      {"ab",         "ba",          1},
      {"flaw",       "lawn",        2},
      {"abcd",       "badc",        2},
  };
  for (const Row& row : rows) {
    CAPTURE(row.a);
    CAPTURE(row.b);
    CHECK(edit_distance(row.a, row.b) == row.distance);
    CHECK(edit_distance(row.b, row.a) == row.distance);
  }
  CHECK(edit_distance(std::string(100000, 'a'), std::string(100000, 'b')) == 256);
}
