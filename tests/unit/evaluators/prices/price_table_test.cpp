#include "evaluators/prices/price_table.h"

#include <doctest/doctest.h>

using namespace llmops;

TEST_CASE("prices: a model is found by its name, a vendor's prefix and its dated versions") {
  const PriceTable table = PriceTable::builtin();
  CHECK(table.as_of().size() == 10);
  struct Row {
    const char* why;
    const char* name;
    std::optional<double> input;
  };
  const Row rows[] = {
      {"as it is",                               "gpt-4o",                     2.5         },
      {"a longer name is another model",         "gpt-4o-mini",                0.15        },
      {"dated",                                  "gpt-4o-2024-08-06",          2.5         },
      {"dated without hyphens",                  "claude-sonnet-4-5-20250929", 3.0         },
      {"latest",                                 "claude-3-5-haiku-latest",    0.8         },
      {"behind a vendor's name",                 "openai/gpt-4.1-mini",        0.4         },
      {"a later model of the family is unknown", "claude-opus-4-9-20270101",   std::nullopt},
      {"a variant is unknown",                   "gpt-4o-audio-preview",       std::nullopt},
      {"unknown",                                "my-model",                   std::nullopt},
      {"nothing",                                "",                           std::nullopt},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    const Price* price = table.find(row.name);
    CHECK((price != nullptr) == row.input.has_value());
    if (price != nullptr && row.input) CHECK(price->input == *row.input);
  }
}

TEST_CASE("prices: a file replaces the table, and its problems have their places") {
  const Result<PriceTable> mine =
      PriceTable::read({"p.yaml", "as_of: \"2026-01-01\"\nmodels:\n  m: {input: 1, output: 2}\n"});
  REQUIRE(mine);
  CHECK(mine->origin() == "p.yaml of 2026-01-01");
  CHECK(mine->find("m")->cached_input == 1.0);
  CHECK(mine->find("gpt-4o") == nullptr);
  const Result<PriceTable> wrong =
      PriceTable::read({"p.yaml", "as_of: x\nmodels:\n  m: {input: -1, outptu: 2}\n"});
  REQUIRE_FALSE(wrong);
  CHECK(wrong.problems().size() >= 2);
}

TEST_CASE("cost: cached input, reasoning and batches have their own prices") {
  Price price;
  price.input = 2;
  price.cached_input = 1;
  price.output = 10;
  struct Row {
    const char* why;
    Usage usage;
    std::optional<double> reasoning;
    bool batch;
    std::optional<double> usd;
  };
  const Row rows[] = {
      {"nothing was counted",          {},                   std::nullopt, false, std::nullopt},
      {"input and output",             {1000, 100, {}, {}},  std::nullopt, false, 0.003       },
      {"half of the input was cached", {1000, 100, 500, {}}, std::nullopt, false, 0.0025      },
      {"reasoning is output",          {0, 100, {}, 60},     std::nullopt, false, 0.001       },
      {"reasoning has its price",      {0, 100, {}, 60},     20.0,         false, 0.0016      },
      {"a batch costs half",           {1000, 100, {}, {}},  std::nullopt, true,  0.0015      },
      {"more cached than asked",       {100, 0, 5000, {}},   std::nullopt, false, 0.0001      },
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    price.reasoning = row.reasoning;
    const std::optional<double> cost = cost_of(price, row.usage, row.batch);
    CHECK(cost.has_value() == row.usd.has_value());
    if (cost && row.usd) CHECK(*cost == doctest::Approx(*row.usd));
  }
}
