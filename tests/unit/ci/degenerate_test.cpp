// A hundred comparisons on the edge of what can be compared, each with everything that it says.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <sstream>

#include "ci/gate/verdict.h"
#include "tests/support/built_run.h"
#include "tests/support/golden.h"

using namespace llmops;
using test::BuiltRun;

namespace {

struct Kind {
  const char* name;
  Measure measure;
  double low, middle, high;
};

std::vector<Kind> kinds() {
  Measure grade = test::bounded_measure("m", 1, 5);
  return {
      {"pass/fail",        test::binary_measure("m"),   0,  1,   1   },
      {"scores of 0 to 1", test::bounded_measure("m"),  0,  0.5, 1   },
      {"grades of 1 to 5", grade,                       1,  3,   5   },
      {"tokens",           test::positive_measure("m"), 10, 100, 1000}
  };
}

// "30M 2L 1- 5+ 3H": 30 cases in the middle, 2 low, one failed call, five ids left out, 3 high.
// `?`: answered and unscored, `Z`: zero. Cases get the groups 0 to groups - 1 in turn.
BuiltRun run_of(const Kind& kind, const std::string& spec, int groups = 0) {
  BuiltRun run({kind.measure});
  std::istringstream parts(spec);
  int id = 0, count = 0;
  char what = 0;
  while (parts >> count >> what)
    for (int i = 0; i < count; ++i, ++id) {
      if (what == '+') continue;
      std::optional<double> value;
      if (what == 'L') value = kind.low;
      if (what == 'M') value = kind.middle;
      if (what == 'H') value = kind.high;
      if (what == 'Z') value = 0;
      CaseRow& row = run.add(fmt::format("c{:04}", id), {value});
      row.failed = what == '-' ? 1 : 0;
      if (groups > 0) row.group = std::to_string(id % groups);
    }
  return run;
}

std::string told(const BuiltRun* baseline, const BuiltRun& candidate, const GateSpec& gate) {
  std::optional<Comparison> comparison;
  if (baseline != nullptr) comparison = compare(*baseline, candidate, gate);
  const Verdict verdict = decide(gate, candidate, {}, comparison ? &*comparison : nullptr);
  std::string out = verdict.headline + "\n";
  for (const RuleOutcome& rule : verdict.rules) {
    if (verdict.rules.size() > 1)
      out += fmt::format("  {}: {}: {}\n", rule.rule.text, name(rule.outcome), rule.why);
    CHECK_FALSE(rule.why.empty());
  }
  if (!comparison) return out;
  for (const MetricComparison& metric : comparison->metrics) {
    for (const std::string& note : metric.notes) out += "  note: " + note + "\n";
    if (!metric.why_no_test.empty())
      out += fmt::format("  {}: {}\n", metric.test, metric.why_no_test);
  }
  for (const std::string& warning : comparison->warnings) out += "  warning: " + warning + "\n";
  return out;
}

Rule rule_of(std::string text, RuleKind kind, double amount, bool relative = false) {
  return {.text = std::move(text),
          .metric = "m",
          .statistic = "mean",
          .kind = kind,
          .amount = amount,
          .relative = relative};
}

GateSpec compare_gate(const Kind& kind, double margin) {
  GateSpec gate;
  if (kind.measure.kind == ScoreKind::positive)
    gate.rules.push_back(rule_of("m max_increase", RuleKind::max_increase, margin, true));
  else
    gate.rules.push_back(rule_of("m max_drop", RuleKind::max_drop,
                                 margin * (kind.measure.range.high - kind.measure.range.low)));
  return gate;
}

struct Scene {
  const char* why;
  const char* baseline;
  const char* candidate;
  double margin;
  int groups;
};

constexpr Scene kScenes[] = {
    {"no case in either run",                   "",        "",            0.05, 0 },
    {"no case in the baseline",                 "",        "30M",         0.05, 0 },
    {"no case in the candidate",                "30M",     "",            0.05, 0 },
    {"one case",                                "1M",      "1M",          0.05, 0 },
    {"two equal cases",                         "2M",      "2M",          0.05, 0 },
    {"two cases, one worse",                    "2M",      "1M 1L",       0.05, 0 },
    {"equal in 30 cases",                       "30M",     "30M",         0.05, 0 },
    {"equal in 300 cases",                      "300M",    "300M",        0.05, 0 },
    {"equal, but nothing is allowed",           "300M",    "300M",        0.0,  0 },
    {"all fell by the same",                    "30M",     "30L",         0.05, 0 },
    {"all rose by the same",                    "30L",     "30M",         0.05, 0 },
    {"from the lowest to the highest",          "100L",    "100H",        0.05, 0 },
    {"one case of 100 fell",                    "100H",    "99H 1L",      0.05, 0 },
    {"one case of 1000 fell",                   "1000H",   "999H 1L",     0.05, 0 },
    {"every value of the candidate is missing", "30M",     "30-",         0.05, 0 },
    {"every value of the baseline is missing",  "30-",     "30M",         0.05, 0 },
    {"every call failed in both",               "30-",     "30-",         0.05, 0 },
    {"half of the candidate failed",            "300M",    "150M 150-",   0.05, 0 },
    {"one call of 300 failed",                  "300H",    "299H 1-",     0.05, 0 },
    {"half of the candidate is unscored",       "300M",    "150M 150?",   0.05, 0 },
    {"no case is shared",                       "60M",     "60+ 60M",     0.05, 0 },
    {"a third is shared",                       "60M 30L", "60+ 60M 30L", 0.05, 0 },
    {"half is shared",                          "40M 20L", "30+ 10M 50L", 0.05, 0 },
    {"four clusters",                           "40M",     "39M 1L",      0.05, 4 },
    {"ten clusters",                            "400H",    "380H 20M",    0.05, 10},
    {"one giant outlier",                       "200L",    "199L 1H",     0.05, 0 },
};

}  // namespace

TEST_CASE("degenerate comparisons: what each says") {
  std::string out;
  for (const Kind& kind : kinds())
    for (const Scene& scene : kScenes) {
      const BuiltRun baseline = run_of(kind, scene.baseline, scene.groups);
      const BuiltRun candidate = run_of(kind, scene.candidate, scene.groups);
      out += fmt::format("# {}: {}\n{}\n", kind.name, scene.why,
                         told(&baseline, candidate, compare_gate(kind, scene.margin)));
    }
  CHECK(out.find("nan") == std::string::npos);
  CHECK(out.find("inf") == std::string::npos);
  CHECK_GOLDEN("degenerate_comparisons.txt", out);
}

TEST_CASE("degenerate limits: what each says") {
  struct Row {
    const char* why;
    const char* run;
    RuleKind kind;
    double amount;
    std::size_t measure;
  };
  constexpr Row kRows[] = {
      {"no case",                           "",             RuleKind::min, 0.5,  0},
      {"one case passes",                   "1H",           RuleKind::min, 0.5,  0},
      {"58 of 58 pass, 95% asked",          "58H",          RuleKind::min, 0.95, 0},
      {"59 of 59 pass, 95% asked",          "59H",          RuleKind::min, 0.95, 0},
      {"298 without a failure, 1% allowed", "298L",         RuleKind::max, 0.01, 0},
      {"299 without a failure, 1% allowed", "299L",         RuleKind::max, 0.01, 0},
      {"all must pass and do",              "10H",          RuleKind::min, 1,    0},
      {"all must pass and one does not",    "9H 1L",        RuleKind::min, 1,    0},
      {"all must pass and one call failed", "9H 1-",        RuleKind::min, 1,    0},
      {"none may fail and none does",       "10L",          RuleKind::max, 0,    0},
      {"half fail",                         "50H 50L",      RuleKind::min, 0.9,  0},
      {"near the limit",                    "90H 10L",      RuleKind::min, 0.9,  0},
      {"every call failed",                 "30-",          RuleKind::min, 0.5,  0},
      {"failures could hide it",            "900H 60L 40-", RuleKind::min, 0.92, 0},
      {"equal scores",                      "100M",         RuleKind::min, 0.4,  1},
      {"a limit outside the scale",         "100M",         RuleKind::min, 7,    2},
      {"equal token counts at the limit",   "30M",          RuleKind::max, 100,  3},
      {"equal token counts above it",       "30M",          RuleKind::max, 99,   3},
      {"one token count",                   "1M",           RuleKind::max, 200,  3},
      {"zero tokens",                       "30Z",          RuleKind::max, 1,    3},
      {"one giant",                         "200M 1H",      RuleKind::max, 110,  3},
  };
  std::string out;
  for (const Row& row : kRows) {
    GateSpec gate;
    gate.rules.push_back(rule_of("m", row.kind, row.amount));
    out += fmt::format("# {}\n{}\n", row.why,
                       told(nullptr, run_of(kinds()[row.measure], row.run), gate));
  }
  CHECK_GOLDEN("degenerate_limits.txt", out);
}
