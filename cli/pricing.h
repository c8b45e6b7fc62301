#pragma once
#include <string>

#include "cli/suite.h"
#include "evaluators/prices/price_table.h"
#include "evaluators/providers/provider.h"

namespace llmops {

// The table of $LLMOPS_PRICES, else of the suite's `prices:`, else the built-in one.
Result<PriceTable> price_table(const Suite& suite);

// Prices a model and its fallbacks by name where their own `price:` is missing (`given` says so for
// the model itself) and calls cost money. Where a table was used: its origin, else "".
std::string price_model(Model& model, bool given, const Prompt& prompt, const PriceTable& table);

}  // namespace llmops
