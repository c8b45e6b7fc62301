#pragma once
// How far a judge can be trusted, from cases that people have labelled.

#include <optional>
#include <string>
#include <vector>

#include "datasets/text/value.h"

namespace llmops {

// One labelled case as the judge saw it; scores in [0, 1].
struct JudgedCase {
  double label = 0;
  double judged = 0;
  std::vector<double> draws;           // asked again and again; the first is `judged`
  std::optional<double> flips, first;  // of pairs: whether the orders disagree; the first place
  std::optional<double> longer_by;     // of pairs, in characters
  double length = 0;                   // of the answer, in characters
};

struct JudgeEvidence {
  std::vector<JudgedCase> cases;
  std::vector<double> unlabelled;  // judged, without a label
  std::vector<double> categories;  // values that a label can have, ascending; two or more
  std::int64_t unread = 0;         // cases that the judge could not score
  std::optional<double> cost_usd;  // of all verdicts
  std::int64_t verdicts = 0;
  double level = 0.95;
};

// Figures as a document: agreement, kappa, weighted_kappa, alpha, correlation, confusion,
// flip_rate, first_position, prefers_longer, length_bias, self_consistency, cost_per_verdict,
// corrected, rogan_gladen. Each figure is a number with its interval, or {why} where it cannot be
// known.
Object judge_figures(const JudgeEvidence& evidence);

// The document as people read it, one figure a line.
std::string judge_figures_text(const Object& figures);

// The place of the category that is nearest; of two as near the lower.
std::size_t nearest_category(const std::vector<double>& categories, double value);

}  // namespace llmops
