#include "ci/token_cause.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/support/built_run.h"

using namespace llmops;
using test::BuiltRun;

namespace {

struct Call {
  double input = 100, output = 20;
  std::optional<double> reasoning, cached;
};

struct Head {
  std::optional<double> own = 40, inserted = 60;  // of the prompt, estimated
  const char* model = "a";
  double price_in = 1, price_out = 4;  // USD per million
};

BuiltRun run_of(const Call& call, const Head& head, int cases = 10) {
  BuiltRun run(builtin_measures());
  if (head.own)
    run.change_header().prompt = Object{
        {"text_tokens",     *head.own     },
        {"inserted_tokens", *head.inserted}
    };
  run.change_header().model = Object{
      {"name",  head.model                                                  },
      {"price", Object{{"input", head.price_in}, {"output", head.price_out}}}
  };
  const auto value = [&](const std::string& name) -> std::optional<double> {
    if (name == "input_tokens") return call.input;
    if (name == "output_tokens") return call.output;
    if (name == "cached_tokens") return call.cached;
    if (name == "reasoning_tokens") return call.reasoning;
    if (name == "cost_per_case")
      return (call.input * head.price_in + call.output * head.price_out) * 1e-6;
    return std::nullopt;
  };
  for (int i = 0; i < cases; ++i) {
    std::vector<std::optional<double>> values;
    for (const Measure& measure : builtin_measures()) values.push_back(value(measure.name));
    run.add(fmt::format("c{}", i), values);
  }
  return run;
}

std::string told(const std::vector<Cause>& causes, std::string_view measure) {
  for (const Cause& cause : causes) {
    if (cause.measure != measure) continue;
    std::string text;
    double sum = 0;
    const double scale = cause.unit == "usd" ? 1e6 : 1;
    for (const CausePart& part : cause.parts) {
      text += fmt::format("{} {:+.4g}; ", part.name, part.amount * scale);
      sum += part.amount;
    }
    CHECK(sum == doctest::Approx(cause.change()).epsilon(1e-9));
    return text + cause.unknown;
  }
  return "none";
}

}  // namespace

TEST_CASE("token cause: each source is named, and the parts add up") {
  struct Row {
    const char* why;
    Call before;
    Head of_before;
    Call after;
    Head of_after;
    const char* input;
    const char* output;
    const char* cost;
  };
  const Row rows[] = {
      {"nothing changed",                                       {}, {}, {},             {},                              "", "",                                                                             ""             },
      {"a longer prompt",
       {},
       {},
       {.input = 150},
       {.own = 90},
       "prompt text +50; ",                                                                                                  "",
       "prompt text +50; "                                                                                                                                                                                                  },
      {"more context",
       {},
       {},
       {.input = 130},
       {.inserted = 90},
       "context +30; ",                                                                                                      "",
       "context +30; "                                                                                                                                                                                                      },
      {"both, and the server counts twice the estimate",
       {.input = 200},
       {},
       {.input = 280},
       {.own = 60, .inserted = 80},
       "prompt text +40; context +40; ",                                                                                     "",
       "prompt text +40; context +40; "                                                                                                                                                                                     },
      {"what the estimate leaves over goes to the larger part",
       {},
       {},
       {.input = 160},
       {.own = 90},
       "prompt text +60; ",                                                                                                  "",
       "prompt text +60; "                                                                                                                                                                                                  },
      {"an estimate that moved a little is no context",
       {},
       {},
       {.input = 150},
       {.own = 90, .inserted = 61},
       "prompt text +50; ",                                                                                                  "",
       "prompt text +50; "                                                                                                                                                                                                  },
      {"another tokeniser",
       {},
       {},
       {.input = 125},
       {.model = "b"},
       "tokeniser +25; ",                                                                                                    "",
       "tokeniser +25; "                                                                                                                                                                                                    },
      {"the same text counted anew",
       {},
       {},
       {.input = 125},
       {},
       "the same text counted anew +25; ",                                                                                   "",
       "the same text counted anew +25; "                                                                                                                                                                                   },
      {"longer answers",                                        {}, {}, {.output = 35}, {},                              "", "answers +15; ",                                                                "answers +60; "},
      {"more reasoning, shorter answers",
       {.output = 50, .reasoning = 20},
       {},
       {.output = 90, .reasoning = 70},
       {},
       "",                                                                                                                   "reasoning +50; answers -10; ",
       "reasoning +200; answers -40; "                                                                                                                                                                                      },
      {"reasoning that the baseline does not report",
       {.output = 20},
       {},
       {.output = 60, .reasoning = 40},
       {},
       "",                                                                                                                   "reasoning +40; the baseline reports no reasoning tokens, which count as none",
       "reasoning +160; "                                                                                                                                                                                                   },
      {"prices",                                                {}, {}, {},             {.price_in = 2, .price_out = 5}, "", "",                                                                             "prices +120; "},
      {"an old baseline",
       {},
       {.own = std::nullopt},
       {.input = 110},
       {},
       "prompt text and context +10; the baseline does not say how long its prompt's own text is",                           "",
       "prompt text and context +10; the baseline does not say how long its prompt's own text is"                                                                                                                           },
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    const auto causes =
        explain_tokens(run_of(row.before, row.of_before), run_of(row.after, row.of_after), true);
    CHECK(told(causes, "input_tokens") == row.input);
    CHECK(told(causes, "output_tokens") == row.output);
    CHECK(told(causes, "cost_per_case") == row.cost);
  }
}

TEST_CASE("token cause: independent runs, runs without figures") {
  const auto causes = explain_tokens(run_of({}, {}, 5), run_of({.output = 30}, {}, 9), false);
  CHECK(told(causes, "output_tokens") == "answers +10; ");
  CHECK(explain_tokens(BuiltRun({}), BuiltRun({}), true).empty());
}
