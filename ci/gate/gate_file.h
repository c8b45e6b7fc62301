#pragma once
// The rules of a gate as a suite or a rules file states them.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "datasets/text/fields.h"
#include "datasets/text/result.h"
#include "evaluators/run_record.h"

namespace llmops {

enum class RuleKind { max_drop, max_increase, min, max };
enum class OnInconclusive { pass, warn, fail };

struct Rule {
  std::string text;       // "numeric_match max_drop 0.02": how reports call it
  std::string metric;     // "latency_p95" is metric "latency" with statistic "p95"
  std::string statistic;  // mean (default) | p50 | p90 | p95 | p99 | max
  RuleKind kind = RuleKind::min;
  double amount = 0;      // 0.1 for "10%"
  bool relative = false;  // the amount was a percentage of the baseline ("1%" of a rate is 0.01)
  bool primary = true;    // `secondary: true`: reported, outside the verdict
  std::string test;  // paired_t | welch_t | wilcoxon | mcnemar | permutation | bootstrap; empty: by
                     // the data
  std::string where;  // "tags.lang = de"; empty: all cases
  Mark mark;          // where the rule stands, for messages
  bool compares() const { return kind == RuleKind::max_drop || kind == RuleKind::max_increase; }
};

struct GateSpec {
  std::optional<std::filesystem::path> baseline;  // resolved against the suite's folder
  double alpha = 0.05;
  OnInconclusive on_inconclusive = OnInconclusive::warn;
  bool exclude_errors = false;  // `errors: exclude`
  bool strict = false;          // exact McNemar in place of its mid-p
  std::vector<Rule> rules;
};

// Reads `gate:`; notes every problem (unknown keys, a rule with two conditions, a metric that
// `known` does not hold, with the nearest name). An empty `known` skips the check of names.
GateSpec read_gate(const Value& value, const Source& source, const std::filesystem::path& folder,
                   const std::vector<std::string>& known, Diagnostics& problems);

// The problem of rules that compare where no baseline is named; nothing where one is, or where none
// compares. The mark is that of the first such rule.
Diagnostics missing_baseline(const GateSpec& gate, const Source& source);

// A rules file for scores from anywhere: {metrics: {name: {kind, range, better}}, gate: {...}}.
struct RulesFile {
  std::vector<Measure> metrics;
  GateSpec gate;
};
Result<RulesFile> load_rules_file(const std::filesystem::path& file);

// nullptr where no built-in measure is called so.
const Measure* find_builtin_measure(std::string_view name);

}  // namespace llmops
