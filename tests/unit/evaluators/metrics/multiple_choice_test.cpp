#include <doctest/doctest.h>

#include "evaluators/metrics/text/choice.h"
#include "tests/support/metric.h"

using namespace llmops;
using namespace llmops::test;

TEST_CASE("multiple_choice: the letter that an answer names") {
  struct Row {
    const char* answer;
    char letter;  // '-': none
  };
  const Row rows[] = {
      {"B",                                                     'B'},
      {"b",                                                     'B'},
      {"(C)",                                                   'C'},
      {"**D**",                                                 'D'},
      {"B.",                                                    'B'},
      {"B) Paris",                                              'B'},
      {"A: because it is so",                                   'A'},
      {"The answer is B.",                                      'B'},
      {"The correct answer is (C), not (A).",                   'C'},
      {"Answer: D",                                             'D'},
      {"First I thought the answer is A, but the answer is C.", 'C'},
      {"So the final answer is: **B**",                         'B'},
      {"\\boxed{D}",                                            'D'},
      {"\\boxed{\\text{A}}",                                    'A'},
      {"The answer is option B",                                'B'},
      {"I think it is (D) since (A) is wrong",                  'A'},
      {"It must be C",                                          'C'},
      {"A cat sat on B",                                        'B'},
      {"A cat sat",                                             '-'},
      {"I do not know",                                         '-'},
      {"",                                                      '-'},
      {"The answer is unclear",                                 '-'},
      {"The answer is Z",                                       '-'},
      {"Paris",                                                 'B'},
      {" paris. ",                                              'B'},
  };
  for (const Row& row : rows) {
    CAPTURE(row.answer);
    CHECK(chosen_letter(row.answer, "ABCD", {"Rome", "Paris", "Oslo", "Bern"}).value_or('-') ==
          row.letter);
  }
}

TEST_CASE("multiple_choice: scores") {
  struct Row {
    const char* why;
    const char* options;
    const char* output;
    std::vector<std::string> references;
    double score;
  };
  const Row rows[] = {
      {"right",                     "",                        "The answer is B", {"B"},        1},
      {"wrong",                     "",                        "The answer is B", {"C"},        0},
      {"no choice",                 "",                        "Hm",              {"C"},        0},
      {"the reference in brackets", "",                        "C",               {"(C) Oslo"}, 1},
      {"either of two",             "",                        "C",               {"B", "C"},   1},
      {"numbers from 0",            "{reference_base: 0}",     "C",               {"2"},        1},
      {"numbers from 1",            "{reference_base: 1}",     "C",               {"3"},        1},
      {"an own pattern",            "{extract: 'Choice=(.)'}", "A B Choice=C",    {"C"},        1},
      {"fewer choices",             "{choices: 2}",            "C",               {"B"},        0},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    CHECK(score_one(*make_metric("multiple_choice", row.options), row.output, row.references) ==
          row.score);
  }
  CHECK(measure(*make_metric("multiple_choice"), "A", {"?"}).why ==
        "the reference names no choice");
  CHECK(measure(*make_metric("multiple_choice"), "A").why == "the case has no reference");
}

TEST_CASE("multiple_choice: texts of the choices come from the case") {
  const auto metric = make_metric("multiple_choice", "{choices_field: options}");
  Case row;
  row.variables.add("options", Value(List{Value("Rome"), Value("Paris")}));
  row.references = {"Paris"};
  Sample sample;
  sample.text = "B";
  CHECK(metric->score(row, sample).values.at(0) == 1.0);
  sample.text = "Paris";
  CHECK(metric->score(row, sample).values.at(0) == 1.0);
  sample.text = "Rome";
  CHECK(metric->score(row, sample).note == "found A, wanted B");
}
