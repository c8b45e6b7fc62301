#include "ci/gate/gate_file.h"

#include <doctest/doctest.h>

#include "datasets/text/yaml.h"
#include "tests/support/golden.h"
#include "tests/support/reference.h"

using namespace llmops;

namespace {

GateSpec gate_of(const std::string& yaml, Diagnostics& problems) {
  const Source source("suite.yaml", yaml);
  const Result<Value> value = parse_yaml(source);
  REQUIRE(value);
  return read_gate(*value, source, "/suites", {"numeric_match", "rouge.rougeL", "judge"}, problems);
}

std::string problems_of(const std::string& yaml) {
  Diagnostics problems;
  gate_of(yaml, problems);
  return render(problems);
}

}  // namespace

TEST_CASE("gate file: every key of the interface") {
  Diagnostics problems;
  const GateSpec gate = gate_of(
      "baseline: baselines/gsm8k.json\nalpha: 0.1\non_inconclusive: fail\nerrors: exclude\nrules:\n"
      "  - {metric: numeric_match, max_drop: 0.02}\n"
      "  - {metric: numeric_match, min: 0.30, secondary: true}\n"
      "  - {metric: output_tokens, max_increase: 10%}\n"
      "  - {metric: latency_p95, max_increase: 30 %}\n"
      "  - {metric: error_rate, max: 1%}\n"
      "  - {metric: error_rate, max_increase: 1%}\n"
      "  - {metric: rouge.rougeL, max_drop: 5%, test: wilcoxon, where: tags.lang = de}\n",
      problems);
  CHECK(render(problems) == "");
  CHECK(gate.baseline == "/suites/baselines/gsm8k.json");
  CHECK(gate.alpha == 0.1);
  CHECK(gate.on_inconclusive == OnInconclusive::fail);
  CHECK(gate.exclude_errors);
  struct Row {
    const char* text;
    const char* metric;
    const char* statistic;
    RuleKind kind;
    double amount;
    bool relative;
  };
  const Row rows[] = {
      {"numeric_match max_drop 0.02",                   "numeric_match", "mean", RuleKind::max_drop,     0.02, false},
      {"numeric_match min 0.3",                         "numeric_match", "mean", RuleKind::min,          0.3,  false},
      {"output_tokens max_increase 10%",                "output_tokens", "mean", RuleKind::max_increase, 0.1,
       true                                                                                                         },
      {"latency_p95 max_increase 30%",                  "latency",       "p95",  RuleKind::max_increase, 0.3,  true },
      {"error_rate max 1%",                             "error_rate",    "mean", RuleKind::max,          0.01, false},
      {"error_rate max_increase 1%",                    "error_rate",    "mean", RuleKind::max_increase, 0.01, false},
      {"rouge.rougeL max_drop 5% where tags.lang = de", "rouge.rougeL",  "mean", RuleKind::max_drop,
       0.05,                                                                                                   true },
  };
  REQUIRE(gate.rules.size() == std::size(rows));
  for (std::size_t i = 0; i < std::size(rows); ++i) {
    CAPTURE(rows[i].text);
    CHECK(gate.rules[i].text == rows[i].text);
    CHECK(gate.rules[i].metric == rows[i].metric);
    CHECK(gate.rules[i].statistic == rows[i].statistic);
    CHECK(gate.rules[i].kind == rows[i].kind);
    CHECK(gate.rules[i].amount == doctest::Approx(rows[i].amount));
    CHECK(gate.rules[i].relative == rows[i].relative);
  }
  CHECK_FALSE(gate.rules[1].primary);
  CHECK(gate.rules[6].test == "wilcoxon");
}

TEST_CASE("gate file: what is wrong, where, and how to mend it") {
  constexpr std::pair<const char*, const char*> kRows[] = {
      {"a slip in a metric's name",     "rules:\n- {metric: numeric_mach, max_drop: 0.02}\n"                       },
      {"a statistic is near too",       "rules:\n- {metric: latencyp95, max: 2000}\n"                              },
      {"two conditions",                "rules:\n- {metric: judge, max_drop: 0.02, min: 0.5}\n"                    },
      {"no condition",                  "rules:\n- {metric: judge}\n"                                              },
      {"a margin below zero",           "rules:\n- {metric: judge, max_drop: -0.02}\n"                             },
      {"a drop of everything",          "rules:\n- {metric: judge, max_drop: 100%}\n"                              },
      {"no number",                     "rules:\n- {metric: judge, min: high}\n"                                   },
      {"tokens in per cent of nothing", "rules:\n- {metric: output_tokens, max: 10%}\n"                            },
      {"the wrong way round",           "rules:\n- {metric: error_rate, max_drop: 0.01}\n"                         },
      {"an unknown test and key",       "rules:\n- {metric: judge, max_drop: 0, test: ttest, were: a}\n"           },
      {"a test of a limit",             "rules:\n- {metric: judge, min: 0.5, test: mcnemar}\n"                     },
      {"a slice that is none",          "rules:\n- {metric: judge, min: 0.5, where: lang is de}\n"                 },
      {"nothing is gated",              "baseline: b.json\nrules: []\n"                                            },
      {"no rules",                      "baseline: b.json\n"                                                       },
      {"a rule twice",                  "rules:\n- {metric: judge, min: 0.5}\n- {metric: judge, min: 0.5}\n"       },
      {"policy",                        "on_inconclusive: warning\nalpha: 2\nrules:\n- {metric: judge, min: 0.5}\n"},
      {"a list for a rule",             "rules:\n- [judge, 0.5]\n"                                                 },
  };
  std::string found;
  for (const auto& [why, yaml] : kRows)
    found += std::string("# ") + why + "\n" + problems_of(yaml) + "\n";
  CHECK_GOLDEN("gate_file.txt", found);
}

TEST_CASE("gate file: a rule that compares needs a baseline") {
  const Source source("suite.yaml",
                      "rules:\n- {metric: judge, min: 0.5}\n- {metric: judge, max_drop: 0.1}\n");
  const Result<Value> value = parse_yaml(source);
  REQUIRE(value);
  Diagnostics problems;
  GateSpec gate = read_gate(*value, source, "", {}, problems);
  CHECK(render(missing_baseline(gate, source)) ==
        "suite.yaml:3:3: error: the rule `judge max_drop 0.1` compares, but the gate names no "
        "baseline\n"
        " 3 | - {metric: judge, max_drop: 0.1}\n"
        "   |   ^ expected the key `baseline` in `gate`\n"
        "  = help: make the first run with `eval --no-gate`, accept it with `llmops baseline set "
        "last "
        "FILE`, then name FILE as `baseline`\n");
  gate.baseline = "b.json";
  CHECK(missing_baseline(gate, source).empty());
}

TEST_CASE("rules file: metrics are declared, then gated") {
  const test::TemporaryFolder folder;
  const auto good = folder.write(
      "rules.yaml",
      "metrics:\n  m: {kind: binary}\n  s: {kind: bounded, range: [1, 5], better: lower}\n"
      "  t: {kind: positive, unit: ms, better: lower}\n"
      "gate:\n  rules:\n    - {metric: m, max_drop: 0.05}\n");
  const Result<RulesFile> rules = load_rules_file(good);
  REQUIRE(rules);
  REQUIRE(rules->metrics.size() == 3);
  CHECK(rules->metrics[1].range.high == 5);
  CHECK(rules->metrics[1].better == Better::lower);
  CHECK(rules->gate.rules.size() == 1);

  const auto bad = folder.write("bad.yaml",
                                "metrics:\n  m: {kind: binary, range: [0, 2]}\n  s: {range: [1, "
                                "1]}\n  latency: {kind: positive}\n"
                                "gates:\n  rules: []\n");
  const Result<RulesFile> none = load_rules_file(bad);
  CHECK_FALSE(none);
  CHECK_GOLDEN("rules_file.txt", test::shortened(render(none.problems()), bad));
}
