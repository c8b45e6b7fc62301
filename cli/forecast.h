#pragma once
// What a suite will use before it is run: calls, tokens, cost, time. For `plan` and `--dry-run`.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ci/comparison.h"
#include "cli/stored.h"
#include "cli/suite.h"
#include "evaluators/prices/price_table.h"
#include "prompts/tokens/token_counter.h"

namespace llmops {

// What is known from runs before this one.
struct Earlier {
  std::string run;            // id; empty: none
  std::string prompt_sha256;  // the content that it asked
  std::optional<double> input_tokens, output_tokens, cost_usd, latency_ms;  // of one sample
  // What judges used in the newest run that paid for some verdicts, and that run.
  std::vector<SideUse> judges;
  std::string judges_run;
  std::optional<Comparison> comparison;
};

// The newest complete run of the suite (or the one named `run`), compared with the baseline, or
// where it is the baseline with the run before it.
Result<Earlier> find_earlier(const StoreOptions& where, const std::string& run, const Suite& suite);

// Mean tokens of a case's messages, by prompt, and what counted them.
struct PromptTokens {
  std::vector<double> per_case;
  std::string counted_with;
  bool estimated = true;
};

// Renders every case for every prompt while the dataset is checked, and counts the tokens of what
// they come to.
class MessageCounter {
 public:
  // nullptr: problems are noted, nothing is counted.
  MessageCounter(const Suite& suite, std::shared_ptr<const TokenCounter> counter);
  void add(const Case& row, Diagnostics& found);
  PromptTokens tokens() const;

 private:
  const Suite& suite_;
  std::shared_ptr<const TokenCounter> counter_;
  std::vector<double> sums_;
  std::int64_t cases_ = 0;
};

// One prompt with one model.
struct CellForecast {
  std::string prompt, model;
  std::int64_t samples = 0;
  std::int64_t calls = 0;  // fewer where one brings several samples
  std::optional<double> input_tokens, output_tokens, cost_usd, time_s;  // of all calls
  std::string tokens_from, prices_from;
};

// Every cell of the matrix, prompts outside. Input tokens are those of an earlier run of the same
// content, else what a tokenizer counted, else those of any earlier run, else an estimate.
std::vector<CellForecast> forecast(const Suite& suite, std::int64_t cases,
                                   const PromptTokens& tokens, const Earlier& earlier,
                                   const PriceTable& prices);

// What a model's mapping costs: `price` in it, else the table's for its name (for `otherwise` where
// it has none); `from` says which. nullopt: nothing tells, or the provider costs nothing.
std::optional<Price> price_of(const Value& model, const std::string& otherwise,
                              const PriceTable& table, std::string& from);

Object cell_value(const CellForecast& cell);
std::string cell_text(const CellForecast& cell);

}  // namespace llmops
