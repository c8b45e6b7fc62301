#pragma once
// What a suite will use before it is run: calls, tokens, cost, time. For `plan` and `--dry-run`.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ci/comparison.h"
#include "cli/stored.h"
#include "cli/suite.h"
#include "evaluators/prices/price_table.h"

namespace llmops {

// What is known from runs before this one.
struct Earlier {
  std::string run;                                                          // id; empty: none
  std::optional<double> input_tokens, output_tokens, cost_usd, latency_ms;  // of one call
  std::optional<Comparison> comparison;
};

// The newest complete run of the suite (or the one named `run`), compared with the baseline, or
// where it is the baseline with the run before it.
Result<Earlier> find_earlier(const StoreOptions& where, const std::string& run, const Suite& suite);

// Counts the characters of all messages, one figure a prompt, while the dataset is checked.
class MessageCounter {
 public:
  explicit MessageCounter(const Suite& suite);
  void add(const Case& row, Diagnostics& found);
  // Characters of one case, by prompt.
  std::vector<double> per_case(std::int64_t cases) const;

 private:
  const Suite& suite_;
  std::vector<double> characters_;
};

// One prompt with one model.
struct CellForecast {
  std::string prompt, model;
  std::int64_t calls = 0;
  std::optional<double> input_tokens, output_tokens, cost_usd, time_s;  // of all calls
  std::string tokens_from, prices_from;
};

// Every cell of the matrix, prompts outside; `characters`: of a case's messages, by prompt.
std::vector<CellForecast> forecast(const Suite& suite, std::int64_t cases,
                                   const std::vector<double>& characters, const Earlier& earlier,
                                   const PriceTable& prices);

Object cell_value(const CellForecast& cell);
std::string cell_text(const CellForecast& cell);

}  // namespace llmops
