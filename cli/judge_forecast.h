#pragma once
// What the judges of a suite will use before they are asked: calls, tokens, cost. For `plan`,
// `--dry-run` and progress.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/forecast.h"
#include "cli/suite.h"

namespace llmops {

// One model that an evaluator asks.
struct JudgeForecast {
  std::string evaluator, role, model;
  std::int64_t calls = 0;                                       // at most
  std::optional<double> input_tokens, output_tokens, cost_usd;  // of all calls
  std::string tokens_from, prices_from;
};

// How many questions a run over so many samples poses at most.
std::int64_t most_judge_calls(const Suite& suite, std::int64_t samples);

// Tokens a call are those of the earlier run where it asked the same judge, else an estimate: the
// questions about the first cases, with a stand-in of `answer_tokens` for the answers.
std::vector<JudgeForecast> forecast_judges(const Suite& suite, const Dataset& dataset,
                                           std::int64_t samples, double answer_tokens,
                                           const Earlier& earlier, const PriceTable& prices);

Value judge_forecast_value(const std::vector<JudgeForecast>& forecast);
std::string judge_forecast_text(const std::vector<JudgeForecast>& forecast);

// Of a model's answer to one case, for `forecast_judges`.
double answer_tokens_of(const std::vector<CellForecast>& cells);

// What all of it costs; nullopt where a part of it is unknown.
std::optional<double> total_cost(const std::vector<CellForecast>& cells,
                                 const std::vector<JudgeForecast>& judges);

}  // namespace llmops
