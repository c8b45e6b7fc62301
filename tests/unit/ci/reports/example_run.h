#pragma once
// A small finished run with everything that reports show; tests change what they need.

#include <cstdio>
#include <string>

#include "ci/reports/report.h"
#include "tests/support/memory_run.h"

namespace llmops::test {

struct ExampleRun {
  MemoryRun candidate, baseline;
  MemoryOutputs outputs, baseline_outputs;
  Summary summary;
  Comparison comparison;
  Verdict verdict;

  ExampleRun() {
    const Measure f1{
        .name = "token_f1", .kind = ScoreKind::bounded, .signature = "token_f1|version:1"};
    const Measure match{.name = "normalized_match",
                        .kind = ScoreKind::binary,
                        .signature = "normalized_match|version:1"};
    const Measure tokens{.name = "output_tokens",
                         .kind = ScoreKind::positive,
                         .better = Better::lower,
                         .signature = "output_tokens|version:1",
                         .unit = "tokens",
                         .builtin = true};
    const Measure cost{.name = "cost_per_case",
                       .kind = ScoreKind::positive,
                       .better = Better::lower,
                       .signature = "cost_per_case|version:1",
                       .unit = "usd",
                       .builtin = true};
    const Measure latency{.name = "latency",
                          .kind = ScoreKind::positive,
                          .better = Better::lower,
                          .signature = "latency|version:1",
                          .unit = "ms",
                          .builtin = true};
    RunHeader& head = candidate.head;
    head.id = "20251121-093000-5f1c";
    head.created = "2025-11-21T09:30:00Z";
    head.suite = "llmops.yaml";
    head.prompt = {
        {"name",    "support"},
        {"version", "2.3.0"  },
        {"sha256",  "aa11"   }
    };
    head.dataset = {
        {"path",   "support.jsonl"},
        {"sha256", "bb22"         },
        {"cases",  4              }
    };
    head.model = {
        {"provider", "replay"        },
        {"name",     "helpdesk-small"}
    };
    head.measures = {match, f1, tokens, cost, latency};
    head.counts = {.cases = 4, .samples = 4, .made = 4};
    head.cost_usd = 0.0004;
    head.wall_s = 0.25;
    baseline.head = head;
    baseline.head.id = "20251114-101500-0b2e";
    add("account-001", {1, 1, 40, 0.00010, 800}, {1, 1, 30, 0.00008, 700});
    add("billing-002", {0, 0.25, 90, 0.00020, 1900}, {1, 1, 35, 0.00009, 750});
    add("refund-003", {0, 0.5, 70, 0.00015, 1500}, {1, 0.9, 40, 0.00010, 810});
    add("shipping-004", {1, 0.8, 45, 0.00011, 900}, {1, 0.8, 38, 0.00009, 790});
    say("account-001", "How do I reset my password?", "Use the link on the sign-in page.",
        "Use the link on the sign-in page.");
    say("billing-002", "Why was I charged twice?",
        "Thank you for reaching out!\nThere may be several reasons for this. Please contact your "
        "bank and ask.",
        "Thank you for reaching out!\nThe second charge is a hold and is released within 3 days.");
    say("refund-003", "Can I return opened items?", "Perhaps.", "Yes, within 30 days.");
    say("shipping-004", "Wo ist mein Paket?", "Es kommt morgen an. 你好", "Es kommt morgen an.");

    summary.measures = {
        {.measure = match,
         .n = 4,
         .mean = 0.5,
         .total = 2,
         .interval_low = 0.15,
         .interval_high = 0.85,
         .p50 = 0.5,
         .p90 = 1,
         .p95 = 1,
         .p99 = 1,
         .max = 1},
        {.measure = f1,
         .n = 4,
         .mean = 0.6375,
         .total = 2.55,
         .interval_low = 0.1084,
         .interval_high = 1,
         .p50 = 0.65,
         .p90 = 0.94,
         .p95 = 0.97,
         .p99 = 0.994,
         .max = 1},
        {.measure = tokens,
         .n = 4,
         .mean = 61.25,
         .total = 245,
         .interval_low = 24.4,
         .interval_high = 98.1,
         .p50 = 57.5,
         .p90 = 84,
         .p95 = 87,
         .p99 = 89.4,
         .max = 90},
        {.measure = cost,
         .n = 4,
         .mean = 0.00014,
         .total = 0.00056,
         .p50 = 0.00013,
         .p90 = 0.000185,
         .p95 = 0.000193,
         .p99 = 0.000199,
         .max = 0.0002     },
        {.measure = latency,
         .n = 4,
         .mean = 1275,
         .total = 5100,
         .p50 = 1200,
         .p90 = 1780,
         .p95 = 1840,
         .p99 = 1888,
         .max = 1900        },
    };

    comparison.baseline_id = baseline.head.id;
    comparison.candidate_id = head.id;
    comparison.paired = true;
    comparison.shared = 4;
    comparison.changed = {"prompt support 2.3.1 -> 2.3.0"};
    comparison.metrics = {
        {.metric = "normalized_match",
         .measure = match,
         .baseline_mean = 1.0,
         .candidate_mean = 0.5,
         .difference = -0.5,
         .interval_low = -0.9,
         .interval_high = -0.1,
         .test = "paired t",
         .statistic = -1.732,
         .df = 3,
         .p_value = 0.1817,
         .n = 4,
         .wins = 0,
         .losses = 2,
         .ties = 2,
         .mde = 0.9,
         .method = "tango score, mcnemar mid-p",
         .why = "both runs scored the same 4 cases",
         .estimate = -0.5,
         .lower = -0.85,
         .upper = -0.05,
         .alpha = 0.05,
         .margin = 0.02,
         .p_worse = 0.01,
         .p_worse_adjusted = 0.02,
         .outcome = Outcome::fail,
         .worst = {{"billing-002", -1.0}, {"refund-003", -1.0}}},
        {.metric = "token_f1",
         .measure = f1,
         .baseline_mean = 0.925,
         .candidate_mean = 0.6375,
         .difference = -0.2875,
         .interval_low = -0.83,
         .interval_high = 0.26,
         .test = "paired t",
         .statistic = -1.67,
         .df = 3,
         .p_value = 0.19,
         .n = 4,
         .losses = 2,
         .ties = 2,
         .worst = {{"billing-002", -0.75}, {"refund-003", -0.4}}},
        {.metric = "output_tokens",
         .measure = tokens,
         .baseline_mean = 35.75,
         .candidate_mean = 61.25,
         .difference = 25.5,
         .interval_low = 2.5,
         .interval_high = 48.5,
         .test = "paired t",
         .statistic = 3.5,
         .df = 3,
         .p_value = 0.04,
         .n = 4,
         .losses = 4,
         .margin = 0.1,
         .outcome = Outcome::fail,
         .worst = {{"billing-002", -55.0}}},
        {.metric = "cost_per_case",
         .measure = cost,
         .baseline_mean = 0.00009,
         .candidate_mean = 0.00014,
         .difference = 0.00005,
         .interval_low = -0.00001,
         .interval_high = 0.00011,
         .n = 4},
        {.metric = "latency",
         .measure = latency,
         .baseline_mean = 762.5,
         .candidate_mean = 1275.0,
         .difference = 512.5,
         .n = 4                                 },
    };

    Rule drop{.text = "normalized_match max_drop 0.02",
              .metric = "normalized_match",
              .statistic = "mean",
              .kind = RuleKind::max_drop,
              .amount = 0.02};
    Rule tokens_rule{.text = "output_tokens max_increase 10%",
                     .metric = "output_tokens",
                     .statistic = "mean",
                     .kind = RuleKind::max_increase,
                     .amount = 0.1,
                     .relative = true};
    Rule errors{.text = "error_rate max 1%",
                .metric = "error_rate",
                .statistic = "mean",
                .kind = RuleKind::max,
                .amount = 0.01};
    verdict.outcome = Outcome::fail;
    verdict.headline = "FAIL normalized_match max_drop 0.02: it fell by 0.500 (95% 0.100 to 0.900)";
    verdict.rules = {
        {.rule = drop,
         .outcome = Outcome::fail,
         .why = "normalized_match fell from 1.000 to 0.500, by 0.500 (95% 0.100 to 0.900), more "
                "than the 0.02 allowed.", .value = -0.5,
         .lower = -0.9,
         .upper = -0.1,
         .p_value = 0.02},
        {.rule = tokens_rule,
         .outcome = Outcome::fail,
         .why = "Outputs are 71.3 % longer (95% 7.0 % to 135.7 %), more than the 10 % allowed.",
         .value = 0.713,
         .lower = 0.07,
         .upper = 1.357},
        {.rule = errors,
         .outcome = Outcome::inconclusive,
         .why = "4 calls cannot show a rate below 1 %.",
         .value = 0.0                                },
    };
    verdict.warnings = {"4 cases are few: only a change of 0.9 or more would be found"};
  }

  std::vector<Finding> findings = {
      {.kind = "tokens",
       .subject = "output_tokens",
       .unit = "tokens",
       .baseline = 20,
       .candidate = 30,
       .parts = {{"answers", 8}, {"reasoning", 2}},
       .sentence = "output_tokens rose by 10, from 20 to 30 a case: answers +8, reasoning +2",
       .told = true},
      {.kind = "slice",
       .subject = "quality where tags.topic = <b>\x1b[31m",
       .unit = "",
       .baseline = {},
       .candidate = {},
       .parts = {},
       .sentence = "quality got worse where tags.topic = <b>\x1b[31m"                                                                           }
  };

  ReportInput input() const {
    return {.command = "eval",
            .run = candidate.head,
            .summary = summary,
            .rows = candidate,
            .comparison = &comparison,
            .verdict = &verdict,
            .outputs = &outputs,
            .baseline_outputs = &baseline_outputs,
            .baseline_rows = &baseline,
            .findings = findings};
  }
  // Of a suite without a gate.
  ReportInput ungated() const {
    return {.command = "eval",
            .run = candidate.head,
            .summary = summary,
            .rows = candidate,
            .outputs = &outputs};
  }

 private:
  void add(const std::string& id, std::initializer_list<double> mine,
           std::initializer_list<double> theirs) {
    CaseRow row;
    row.id = id;
    row.tags = {
        {"topic", id.substr(0, id.find('-'))}
    };
    row.samples = 1;
    row.values.assign(mine.begin(), mine.end());
    candidate.cases.push_back(row);
    row.values.assign(theirs.begin(), theirs.end());
    baseline.cases.push_back(row);
  }
  void say(const std::string& id, const std::string& question, const std::string& mine,
           const std::string& theirs) {
    outputs.add(id, question, mine);
    baseline_outputs.add(id, question, theirs);
  }
};

// What a report writes, as a text.
inline std::string written(std::string_view report, const ReportInput& input) {
  return report_text(*find_report(report), input);
}

}  // namespace llmops::test
