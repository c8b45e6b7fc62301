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

TEST_CASE("multiple_choice: the likeliest choice, by sum, by characters, by bytes") {
  const auto metric = make_metric("multiple_choice", "{form: likelihoods, choices_field: choices}");
  Case row;
  row.references = {"C"};
  row.variables.add("choices", List{"no", "a much longer choice", "ééé"});
  Sample sample;
  sample.text = "[-3.0, -8.0, -3.6]";  // / 2, 20, 3 characters; / 2, 20, 6 bytes
  const Measurement found = metric->score(row, sample);
  REQUIRE(found.values.size() == 3);
  CHECK(found.values[0] == 0.0);  // A
  CHECK(found.values[1] == 0.0);  // B
  CHECK(found.values[2] == 0.0);  // B
  CHECK(found.note == "found A, wanted C");
  row.references = {"B"};
  CHECK(metric->score(row, sample).values == std::vector<std::optional<double>>{0.0, 1.0, 1.0});
  row.variables.set("choices", List{"no", "yes!", "ééé"});
  sample.text = "[-3.0, -8.0, -3.6]";  // / 2 = 1.5, / 4 = 2, / 3 = 1.2; / 6 = 0.6
  row.references = {"ééé"};
  CHECK(metric->score(row, sample).values == std::vector<std::optional<double>>{0.0, 1.0, 1.0});
  sample.text = "[-1, -2]";
  CHECK(metric->score(row, sample).why == "2 log-likelihoods for 3 choices");
  for (const char* text : {"", "B", "[1, 2, 3]", "[-1, null, -2]", "[]", "{\"a\": 1}"}) {
    CAPTURE(text);
    sample.text = text;
    CHECK(metric->score(row, sample).why == "the output is no list of log-likelihoods");
  }
}

TEST_CASE("multiple_choice: log-likelihoods of a column, and of letters") {
  const auto column =
      make_metric("multiple_choice", "{form: likelihoods, likelihoods_field: lls, choices: 3}");
  Case row;
  row.references = {"B"};
  row.variables.add("lls", List{"-2.5", -1, "-9e2"});
  CHECK(column->columns().size() == 1);
  CHECK(column->score(row, Sample{}).values.front() == 1.0);

  const auto letters = make_metric("multiple_choice", "{form: letters, choices: 4}");
  const auto alternative = [](const char* token, double log) {
    return Object{
        {"token",   token},
        {"logprob", log  }
    };
  };
  Sample sample;
  // "B" and " B" together are likelier than "A".
  sample.logprobs = Object{
      {"content", List{Object{{"token", "\n"}, {"top_logprobs", List{alternative("A", -1.0)}}},
                       Object{{"token", "A"},
                              {"top_logprobs", List{alternative("A", -0.9), alternative("B", -1.2),
                                                    alternative(" B", -1.3)}}}}}
  };
  CHECK(letters->score(row, sample).values.front() == 1.0);
  CHECK(letters->score(row, Sample{}).why ==
        "the sample has no log-probabilities of two letters (top_logprobs)");
}
