#include <doctest/doctest.h>

#include "datasets/text/files.h"
#include "datasets/text/json.h"
#include "tests/support/metric.h"
#include "tests/support/reference.h"

using namespace llmops;
using namespace llmops::test;

TEST_CASE("numeric_match: the same number in other clothes") {
  struct Row {
    const char* why;
    const char* options;
    const char* output;
    std::vector<std::string> references;
    double score;
  };
  const Row rows[] = {
      {"equal",                             "",                             "18",                   {"18"},          1},
      {"thousands separators",              "",                             "5,600",                {"5600"},        1},
      {"no-break spaces",                   "",                             "5\u202F600 km",        {"5600"},        1},
      {"decimals of nothing",               "",                             "5600.0",               {"5,600"},       1},
      {"currency",                          "",                             "It costs $5,600.",     {"5600"},        1},
      {"percent",                           "",                             "about 12%",            {"12"},          1},
      {"unit behind",                       "",                             "18km",                 {"18"},          1},
      {"a unit with a digit is none",       "",                             "5 m2",                 {"5"},           1},
      {"the last one counts",               "",                             "first 3, then 4",      {"4"},           1},
      {"negative",                          "",                             "it is -4",             {"-4"},          1},
      {"minus sign and currency",           "",                             "−$4",                {"-4"},          1},
      {"a difference is no sign",           "",                             "16-3",                 {"3"},           1},
      {"a range is no sign",                "",                             "pages 3-4",            {"4"},           1},
      {"no leading zero",                   "",                             ".5",                   {"0.50"},        1},
      {"exponent",                          "",                             "1.5e3",                {"1500"},        1},
      {"full stop behind",                  "",                             "The answer is 7.",     {"7"},           1},
      {"a version is no number",            "",                             "v1.2.3",               {"1"},           0},
      {"a bad group is two numbers",        "",                             "1,20",                 {"20"},          1},
      {"another number",                    "",                             "19",                   {"18"},          0},
      {"long integers do not run together",
       "",                                                                  "12345678901234567890",
       {"12345678901234567891"},
       0                                                                                                              },
      {"zero is zero",                      "",                             "-0.0",                 {"0"},           1},
      {"outside the tolerance",             "{tolerance: 0.1}",             "1.2",                  {"1"},           0},
      {"the bound itself is inside",        "{tolerance: 0.1}",             "1.1",                  {"1.0"},         1},
      {"relative",                          "{relative_tolerance: 0.01}",   "101",                  {"100"},         1},
      {"relative, outside",                 "{relative_tolerance: 0.01}",   "101.1",                {"100"},         0},
      {"any reference",                     "",                             "7",                    {"x", "6", "7"}, 1},
      {"extracted",                         "{extract: 'A:(.*)'}",          "5 A: 3 apples\n9",     {"3"},           1},
      {"the last match",                    "{extract: 'A:(.*)'}",          "A: 3\nA: 4",           {"4"},           1},
      {"no group: the whole match",         "{extract: '[0-9]+ apples'}",   "9 pears 3 apples",     {"3"},           1},
      {"both sides",
       "{extract: 'A:(.*)', reference_extract: '#### (.*)'}",               "A: 3",
       {"2 + 1\n#### 3"},
       1                                                                                                              },
      {"end of text behind line breaks",    "{extract: 'A:\\s*(.+)\\s*$'}", "A: 3\n\n",             {"3"},           1},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    CHECK(score_one(*make_metric("numeric_match", row.options), row.output, row.references) ==
          row.score);
  }
}

TEST_CASE("numeric_match: no number in the output is wrong, none in the reference is unscored") {
  const auto metric = make_metric("numeric_match");
  const Measurement none = measure(*metric, "I do not know", {"3"});
  CHECK(none.values.at(0) == 0.0);
  CHECK(none.note == "no number is found in the output, wanted 3");
  CHECK(measure(*metric, "it is 4", {"3"}).note == "found 4, wanted 3");
  CHECK_FALSE(measure(*metric, "3", {"three"}).values.at(0).has_value());
  CHECK(measure(*metric, "3", {"three"}).why == "no number is found in the reference");
  CHECK(measure(*metric, "3").why == "the case has no reference");
}

TEST_CASE("numeric_match: signature and errors") {
  CHECK(make_metric("numeric_match", "{extract: 'A:(.*)', tolerance: 0.5}")->signature() ==
        "numeric_match|extract:A:(.*)|reference_extract:last|tolerance:0.5|relative_tolerance:0|"
        "version:1");

  CHECK(metric_problems("numeric_match", "{extract: 'A:('}").find("missing )") !=
        std::string::npos);
  CHECK(metric_problems("numeric_match", "{tolerance: -1}").find("`tolerance` is -1") !=
        std::string::npos);
}

TEST_CASE("numeric_match: every verdict on GSM8K is that of the data set") {
  const auto solutions = shared("data/gsm8k/example_model_solutions.jsonl");
  const auto questions = shared("data/gsm8k/test.jsonl");
  if (!solutions || !questions) return;
  const auto metric = make_metric(
      "numeric_match",
      R"({extract: 'A:\s*(.+)\s*$', reference_extract: '####\s*(.+)\s*$', tolerance: 0})");
  struct Model {
    const char* name;
    int correct;
    int counted = 0;
  };
  Model models[] = {
      {"6b_finetuning",     286},
      {"6b_verification",   515},
      {"175b_finetuning",   458},
      {"175b_verification", 742}
  };
  LineReader outputs = *LineReader::open(*solutions);
  LineReader cases = *LineReader::open(*questions);
  std::string_view output_line, case_line;
  std::size_t rows = 0;
  while (outputs.next(output_line) && cases.next(case_line)) {
    ++rows;
    const Result<Value> row = parse_json(output_line, "solutions");
    const Result<Value> wanted = parse_json(case_line, "test");
    REQUIRE(row);
    REQUIRE(wanted);
    for (Model& model : models) {
      const Value& recorded = at(*row, model.name);
      const double score =
          score_one(*metric, text_at(recorded, "solution"), {text_at(*wanted, "answer")});
      CAPTURE(rows);
      CAPTURE(model.name);
      CHECK((score == 1.0) == *at(recorded, "is_correct").boolean());
      model.counted += score == 1.0;
    }
  }
  CHECK(rows == 1319);
  for (const Model& model : models) CHECK(model.counted == model.correct);
}
