#pragma once
// What all reports show, gathered once: the headline, one line a measure, the warnings, numbers in
// the form that people read.

#include <optional>
#include <string>
#include <vector>

#include "ci/reports/layout.h"
#include "ci/reports/report.h"

namespace llmops {

// "PASS", "FAIL", "INCONCLUSIVE", "INCOMPLETE", "NOT COMPARABLE".
std::string_view shown(Outcome outcome);
Tone tone(Outcome outcome);

// The run's outcome: the verdict's, else `incomplete` or `pass`.
Outcome outcome_of(const ReportInput& input);
// One line, the outcome first: the verdict's own, or what an ungated run came to.
std::string headline(const ReportInput& input);

// Which way a difference points. `none`: its interval holds zero; `unknown`: there is no interval.
enum class Change { unknown, none, better, worse, other };
std::string_view shown(Change change);  // "", "~", "better", "worse", "changed"
Tone tone(Change change);

struct MeasureLine {
  std::string name;
  const Measure* measure = nullptr;
  const MeasureSummary* summary = nullptr;  // absent: the comparison alone knows this measure
  const MetricComparison* compared = nullptr;
  std::optional<double> baseline, candidate;
  Change change = Change::unknown;
};
// Every measure in the run's order: the evaluators' scores, then the built-in ones.
std::vector<MeasureLine> measure_lines(const ReportInput& input);

// How a gated metric was tested, and what its cases can tell.
struct TestLine {
  const MetricComparison* compared = nullptr;
  std::string method, why;  // what decides, and why that; the refusal where nothing could
  std::string t_test;       // "paired t, p = 0.013", or why there is none
  std::string detectable;   // smallest difference that so many cases show with power 0.8
  std::string needed;       // cases that an unchanged candidate needs to pass
};
std::vector<TestLine> test_lines(const ReportInput& input);

// All warnings of the run, the comparison and the verdict, each once.
std::vector<std::string> all_warnings(const ReportInput& input);

// A value of this measure for people: scores with 3 decimals, tokens and milliseconds by their
// size, money with 3 digits; `decimals`, where given, counts for scores and money. "" where it is
// absent.
std::string show(std::optional<double> value, const Measure& measure, int decimals = -1);
// The same with its sign.
std::string show_signed(std::optional<double> value, const Measure& measure, int decimals = -1);
// "0.310 .. 0.462", and of a difference "-0.310 .. +0.062"; "" where an end is absent.
std::string show_interval(std::optional<double> low, std::optional<double> high,
                          const Measure& measure, int decimals = -1);
// A measure's own, with its level where that is not 95 %: "0.310 .. 0.462 (90%)".
std::string show_interval(const MeasureSummary& figures, int decimals = -1);
std::string show_signed_interval(std::optional<double> low, std::optional<double> high,
                                 const Measure& measure, int decimals = -1);
// Decimals for all figures of one line: `of_scores`, or for money as many as give its candidate's
// value (times `scale`) 4 digits.
int decimals_for(const MeasureLine& line, int of_scores, double scale = 1.0);
// "+12.4 %", relative to the baseline; "" where that says nothing.
std::string show_percent(std::optional<double> baseline, std::optional<double> difference);

// "support@2.3.1"
std::string prompt_name(const RunHeader& run);
// "replay gpt-4o-mini"
std::string model_name(const RunHeader& run);
// "support@2.3.1 · replay gpt-4o-mini · "; "" for scores from anywhere.
std::string who(const RunHeader& run);

}  // namespace llmops
