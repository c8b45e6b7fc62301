#include <doctest/doctest.h>

#include "datasets/text/json.h"
#include "tests/support/metric.h"

using namespace llmops;
using namespace llmops::test;

TEST_CASE("trajectory: the way by its names, arguments and thoughts left out") {
  struct Row {
    const char* why;
    const char* options;
    const char* steps;
    std::vector<double> values;  // all, precision, recall
  };
  const Row rows[] = {
      {"the same",                      "",                   R"(["search","read","answer"])",                                                   {1, 1, 1}         },
      {"with arguments and thoughts",
       "",                                                    R"([{"thought":"first"},{"tool":"search","input":"x"},{"tool":"read"},"answer"])",
       {1, 1, 1}                                                                                                                                                   },
      {"a detour",                      "",                   R"(["search","search","read","answer"])",                                          {0, 0.25, 1.0 / 3}},
      {"a detour that does not matter",
       "{order: in_order}",                                   R"(["search","search","read","answer"])",
       {1, 0.75, 1}                                                                                                                                                },
      {"one is missing",                "{order: in_order}",  R"(["search","answer"])",                                                          {0, 1, 2.0 / 3}   },
      {"turned",                        "{order: any_order}", R"(["answer","read","search"])",                                                   {1, 1, 1}         },
      {"did nothing",                   "{order: any_order}", "[]",                                                                              {0, 0, 0}         },
  };
  Case row;
  row.variables.add("path", *parse_json(R"(["search","read","answer"])", "path"));
  for (const Row& each : rows) {
    CAPTURE(each.why);
    const std::string options(each.options);
    const auto metric = make_metric(
        "trajectory", options.empty() ? "{field: path}" : "{field: path, " + options.substr(1));
    Sample sample;
    sample.steps = *parse_json(each.steps, "steps");
    sample.tool_calls = *parse_json(R"(["other"])", "calls");  // steps tell the whole way
    const Measurement measured = metric->score(row, sample);
    for (std::size_t i = 0; i < 3; ++i) {
      CAPTURE(i);
      CHECK(measured.values.at(i).value() == doctest::Approx(each.values[i]));
    }
  }
}
