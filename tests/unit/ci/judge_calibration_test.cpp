#include "ci/judge_calibration.h"

#include <doctest/doctest.h>

#include <cmath>

#include "datasets/random.h"
#include "datasets/text/json.h"

using namespace llmops;
using doctest::Approx;

namespace {

double at(const Object& figures, const char* path) {
  const Value* found = find_path(figures, path);
  REQUIRE_MESSAGE(found != nullptr, path, " in ", dump_json(Value(figures)));
  return found->number();
}

// A judge of pass/fail that errs at known rates.
struct NoisyJudge {
  double sensitivity, specificity, pass_rate;

  double verdict(bool passes, Random& random) const {
    const double right = passes ? sensitivity : specificity;
    return (random.uniform() < right) == passes ? 1.0 : 0.0;
  }
  JudgeEvidence evidence(int labelled, int unlabelled, std::uint64_t seed) const {
    Random random(seed, 77);
    JudgeEvidence evidence{
        .categories = {0, 1}
    };
    for (int i = 0; i < labelled + unlabelled; ++i) {
      const bool passes = random.uniform() < pass_rate;
      const double judged = verdict(passes, random);
      if (i < labelled)
        evidence.cases.push_back({.label = passes ? 1.0 : 0.0, .judged = judged});
      else
        evidence.unlabelled.push_back(judged);
    }
    return evidence;
  }
};

}  // namespace

TEST_CASE("judge_calibration: figures of a table worked by hand") {
  JudgeEvidence evidence{
      .categories = {0, 1}
  };
  const auto add = [&](double label, double judged, int times) {
    for (int i = 0; i < times; ++i)
      evidence.cases.push_back({.label = label, .judged = judged, .length = 10.0 + i});
  };
  add(1, 1, 20);
  add(1, 0, 5);
  add(0, 1, 10);
  add(0, 0, 15);
  const Object figures = judge_figures(evidence);
  CHECK(at(figures, "agreement.rate") == Approx(0.7));
  CHECK(at(figures, "kappa.kappa") == Approx(0.4));  // (0.7 - 0.5)/(1 - 0.5)
  CHECK(at(figures, "confusion.label_by_row.1.0") == 5);
  CHECK(at(figures, "confusion.label_by_row.0.1") == 10);
  CHECK(figures.find("weighted_kappa") == nullptr);  // of two grades it is the same
  CHECK(figures.find("corrected") == nullptr);       // nothing is unlabelled
  CHECK(judge_figures_text(figures).find("Cohen's kappa") != std::string::npos);
}

TEST_CASE("judge_calibration: what cannot be known says why") {
  JudgeEvidence evidence{
      .unlabelled = {1, 0   },
      .categories = {0, 0.5, 1}
  };
  evidence.cases.assign(5, {.label = 1, .judged = 1});
  const Object figures = judge_figures(evidence);
  for (const char* key : {"kappa", "weighted_kappa", "alpha", "pearson", "corrected"}) {
    CAPTURE(key);
    const Value* why = figures.find(key) == nullptr ? nullptr : figures.find(key)->find("why");
    CHECK((why != nullptr && !to_text(*why).empty()));
  }
  CHECK(judge_figures_text(figures).find("not measured: ") != std::string::npos);
}

TEST_CASE("judge_calibration: draws that differ are a judge that is not steady") {
  JudgeEvidence evidence{
      .categories = {0, 1}
  };
  evidence.cases.push_back({
      .label = 1, .judged = 1, .draws = {1, 1, 1}
  });
  evidence.cases.push_back({
      .label = 0, .judged = 0, .draws = {0, 1, 0}
  });
  const Object figures = judge_figures(evidence);
  CHECK(at(figures, "self_consistency.rate") == 0.5);
  CHECK(at(figures, "self_consistency.pairwise_rate") == Approx(4.0 / 6));
}

TEST_CASE("judge_calibration: corrected figures cover the truth where the judge alone does not") {
  const NoisyJudge judge{.sensitivity = 0.9, .specificity = 0.7, .pass_rate = 0.4};
  const int runs = 400;
  int covered = 0, covered_rate = 0, naive_near = 0;
  double mean = 0;
  for (int run = 0; run < runs; ++run) {
    const Object figures = judge_figures(judge.evidence(80, 400, static_cast<std::uint64_t>(run)));
    const auto holds = [&](const char* key) {
      const std::string at_interval = std::string(key) + ".interval.";
      return at(figures, (at_interval + "0").c_str()) <= judge.pass_rate &&
             at(figures, (at_interval + "1").c_str()) >= judge.pass_rate;
    };
    covered += holds("corrected");
    covered_rate += holds("rogan_gladen");
    mean += at(figures, "corrected.mean") / runs;
    naive_near += std::abs(at(figures, "corrected.judged") - judge.pass_rate) < 0.05;
  }
  // 95% less three Monte-Carlo standard errors.
  CHECK(covered >= runs * 0.917);
  CHECK(covered_rate >= runs * 0.917);
  CHECK(mean == Approx(judge.pass_rate).epsilon(0.02));
  CHECK(naive_near < runs / 20);  // the judge alone says 0.54
}

TEST_CASE("judge_calibration: known error rates lie within the intervals of the agreement") {
  const NoisyJudge judge{.sensitivity = 0.85, .specificity = 0.75, .pass_rate = 0.5};
  int covered = 0;
  for (int run = 0; run < 300; ++run) {
    const Object figures =
        judge_figures(judge.evidence(100, 0, 1000 + static_cast<std::uint64_t>(run)));
    covered +=
        at(figures, "agreement.interval.0") <= 0.8 && at(figures, "agreement.interval.1") >= 0.8;
  }
  CHECK(covered >= 300 * 0.912);
}
