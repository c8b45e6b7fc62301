#include <doctest/doctest.h>

#include "tests/support/metric.h"

using namespace llmops::test;

TEST_CASE("xml_valid: well-formed documents") {
  struct Row {
    const char* why;
    const char* options;
    const char* output;
    double score;
  };
  const Row rows[] = {
      {"an element",                           "",                    "<a b='1'>x<c/></a>",                       1},
      {"with a declaration and blanks around", "",                    "\n<?xml version=\"1.0\"?>\n<a/>\n",        1},
      {"not closed",                           "",                    "<a><b></a>",                               0},
      {"two roots",                            "",                    "<a/><b/>",                                 0},
      {"text only",                            "",                    "hello",                                    0},
      {"nothing",                              "",                    "",                                         0},
      {"an unknown entity",                    "",                    "<a>&nbsp;</a>",                            0},
      {"a document type without entities",     "",                    "<!DOCTYPE a><a/>",                         1},
      {"declared entities",                    "",                    "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", 0},
      {"an outside entity is never read",      "",
       "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",                                        0},
      {"fenced",                               "",                    "```xml\n<a/>\n```",                        0},
      {"fenced, allowed",                      "{allow_fence: true}", "```xml\n<a/>\n```",                        1},
      {"the root",                             "{root: b}",           "<a/>",                                     0},
      {"the root that is wanted",              "{root: a}",           "<a/>",                                     1},
      {"broken UTF-8",                         "",                    "<a>\xff</a>",                              0},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    CHECK(score_one(*make_metric("xml_valid", row.options), row.output) == row.score);
  }
  CHECK(measure(*make_metric("xml_valid"), "<a>\n<b></a>").note.starts_with("line 2: "));
  CHECK(measure(*make_metric("xml_valid"), "<!DOCTYPE a [<!ENTITY x 'y'>]><a/>").note ==
        "the document declares entities");
}
