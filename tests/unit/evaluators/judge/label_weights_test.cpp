#include "evaluators/judge/label_weights.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tests/unit/evaluators/judge/scripted_asker.h"

using namespace llmops;
using doctest::Approx;

namespace llmops::test {

Value token(const std::vector<std::pair<std::string, double>>& alternatives) {
  List top;
  for (const auto& [text, p] : alternatives)
    top.push_back(Object{
        {"token",   text       },
        {"logprob", std::log(p)}
    });
  return Object{
      {"token",        alternatives.front().first           },
      {"logprob",      std::log(alternatives.front().second)},
      {"top_logprobs", std::move(top)                       }
  };
}

}  // namespace llmops::test

TEST_CASE("weighted_grade: the mean over what the judge nearly said") {
  using test::token;
  const Value digit = token({
      {"3", 0.9},
      {"1", 0.1}
  });  // in the reason
  struct Row {
    const char* why;
    Value logprobs;
    const char* grade;
    std::optional<double> value;
  };
  const Row rows[] = {
      {"two grades",                          List{token({{"4", 0.7}, {"5", 0.3}})},                "4",  4.3         },
      {"the last token that is the grade",
       List{token({{"4", 0.5}, {"1", 0.5}}), token({{"4", 0.8}, {"5", 0.2}}), token({{"}", 1}})},
       "4",                                                                                               4.2         },
      {"digits of the reason do not count",   List{digit, token({{"4", 1.0}})},                     "4",  4.0         },
      {"a blank before it is the same token", List{token({{" 4", 0.5}, {"4", 0.25}, {"5", 0.25}})},
       "4",                                                                                               4.25        },
      {"words and what is rare do not count",
       List{token({{"4", 0.6}, {"four", 0.3}, {"1", 0.005}, {"5", 0.095}})},                        "4",
       (4 * 0.6 + 5 * 0.095) / 0.695                                                                                  },
      {"grades off the scale do not count",   List{token({{"4", 0.5}, {"9", 0.5}})},                "4",  4.0         },
      {"the grade is two tokens",             List{token({{"1", 1}}), token({{"0", 1}})},           "10", std::nullopt},
      {"none",                                Value(),                                              "4",  std::nullopt},
      {"empty",                               List{},                                               "4",  std::nullopt},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    const auto value = weighted_grade(row.logprobs, row.grade, 1, 5);
    REQUIRE(value.has_value() == row.value.has_value());
    if (value) CHECK(*value == Approx(*row.value));
  }
}

TEST_CASE("first_label_share: p(m)/(p(m) + p(M)) at the first token") {
  using test::token;
  const Value both = List{
      token({{"m", 0.6},  {"M", 0.2}, {"x", 0.2}}
      ), token({{"M", 1}}
      )
  };
  CHECK(*first_label_share(both, "m", "M") == Approx(0.75));
  CHECK(*first_label_share(
            List{
                token({{"M", 1}}
                )
  },
            "m", "M") == 0.0);
  CHECK_FALSE(first_label_share(
      List{
          token({{"A", 1}}
          )
  },
      "m", "M"));
  CHECK_FALSE(first_label_share(Value(), "m", "M"));
}
