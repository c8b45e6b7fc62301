#include "ci/stats/agreement.h"

#include <doctest/doctest.h>

#include <cmath>

#include "ci/stats/pass_at_k.h"
#include "ci/stats/prediction_powered.h"
#include "ci/stats/rogan_gladen.h"
#include "tests/unit/ci/stats/operations.h"

using namespace llmops;
using namespace llmops::stats;

namespace llmops::test {
namespace {

RatingTable table_of(const Value& in) {
  RatingTable table;
  for (const Value& row : *member(in, "table").list()) {
    table.emplace_back();
    for (const Value& count : *row.list()) table.back().push_back(*count.integer());
  }
  return table;
}

Value kappa_of(const Value& in) {
  const RatingTable table = table_of(in);
  const std::string word = text(in, "weights");
  const Weights weights = word == "none"     ? Weights::none
                          : word == "linear" ? Weights::linear
                                             : Weights::quadratic;
  const auto shares = agreement(table, weights);
  const auto k = kappa(table, weights, number(in, "level"));
  Object object;
  if (!k) object = *refused(k.refusal()).object();
  if (shares) {
    object.add("observed", shares->observed);
    object.add("expected", shares->expected);
  }
  if (k) {
    object.add("kappa", k->kappa);
    object.add("se", k->se);
    object.add("ci_lo", k->interval.lower);
    object.add("ci_hi", k->interval.upper);
  }
  return object;
}

Value krippendorff_of(const Value& in) {
  std::vector<Unit> units;
  for (const Value& unit : *member(in, "units").list()) {
    units.emplace_back();
    for (const Value& rating : *unit.list())
      units.back().push_back(rating.is_null() ? std::nullopt : std::optional(rating.number()));
  }
  const std::string metric = text(in, "metric");
  const Measurement measurement = metric == "nominal"    ? Measurement::nominal
                                  : metric == "ordinal"  ? Measurement::ordinal
                                  : metric == "interval" ? Measurement::interval
                                                         : Measurement::ratio;
  return shown(krippendorff_alpha(units, measurement), [](double alpha) { return alpha; });
}

Value prediction_powered_of(const Value& in) {
  const std::vector<double> y = numbers(in, "y"), all = numbers(in, "yhat_unlabeled");
  const Value& given = member(in, "lam");
  const auto lambda = given.is_null() ? std::nullopt : std::optional(given.number());
  return shown(prediction_powered(y, numbers(in, "yhat"), all, number(in, "level"), lambda),
               [&](const PredictionPowered& p) {
                 return Object{{"n", static_cast<std::int64_t>(y.size())},
                               {"N", static_cast<std::int64_t>(all.size())},
                               {"lam", p.lambda},
                               {"estimate", p.estimate},
                               {"se", p.se},
                               {"ci_lo", p.interval.lower},
                               {"ci_hi", p.interval.upper},
                               {"lower_bound", p.lower_bound},
                               {"upper_bound", p.upper_bound},
                               {"classical", p.classical},
                               {"naive", p.naive}};
               });
}

Value rogan_gladen_of(const Value& in) {
  JudgeCounts c;
  c.judged_pass = integer(in, "judged_pass");
  c.n = integer(in, "n");
  c.true_fail_judged_fail = integer(in, "true_fail_judged_fail");
  c.true_fail = integer(in, "true_fail_n");
  c.true_pass_judged_pass = integer(in, "true_pass_judged_pass");
  c.true_pass = integer(in, "true_pass_n");
  const auto quality = judge_quality(c);
  const auto corrected = rogan_gladen(c, number(in, "level"));
  Object object;
  if (!corrected) object = *refused(corrected.refusal()).object();
  if (quality) {
    object.add("raw", quality->raw);
    object.add("sensitivity", quality->sensitivity);
    object.add("specificity", quality->specificity);
    object.add("youden_j", quality->youden);
  }
  if (corrected) {
    object.add("estimate", corrected->estimate);
    object.add("estimate_unclipped", corrected->estimate_unclipped);
    object.add("delta_se", corrected->delta_se);
    object.add("delta_lo", corrected->delta.lower);
    object.add("delta_hi", corrected->delta.upper);
    object.add("adj_lo", corrected->adjusted.lower);
    object.add("adj_hi", corrected->adjusted.upper);
  }
  return object;
}

Value pass_at_k_mean(const Value& in) {
  std::vector<std::pair<std::int64_t, std::int64_t>> problems;
  for (const Value& problem : *member(in, "problems").list())
    problems.emplace_back(*(*problem.list())[0].integer(), *(*problem.list())[1].integer());
  return shown(mean_pass_at_k(problems, integer(in, "k")), [](const PassAtK& p) { return p.any; });
}

}  // namespace

Operations judge_operations() {
  return {
      {"kappa", kappa_of},
      {"gwet_ac1",
       [](const Value& in) {
         return shown(gwet_ac1(table_of(in)), [](double x) { return x; });
       }},
      {"agreement_rate",
       [](const Value& in) {
         return shown(agreement_rate(integer(in, "agree"), integer(in, "n"), number(in, "level")),
                      [](const AgreementRate& a) {
                        return Object{{"rate", a.rate},
                                      {"lo", a.interval.lower},
                                      {"hi", a.interval.upper}};
                      });
       }},
      {"krippendorff", krippendorff_of},
      {"ppi.mean", prediction_powered_of},
      {"rogan_gladen", rogan_gladen_of},
      {"pass_at_k",
       [](const Value& in) {
         return shown(pass_at_k(integer(in, "n"), integer(in, "c"), integer(in, "k")),
                      [](const PassAtK& p) {
                        return Object{{"pass_at_k", p.any}, {"pass_hat_k", p.all}};
                      });
       }},
      {"pass_at_k.mean", pass_at_k_mean},
  };
}

}  // namespace llmops::test

using namespace llmops::test;

TEST_CASE("agreement: reference vectors") { check_vectors("agreement", judge_operations()); }
TEST_CASE("prediction-powered: reference vectors") { check_vectors("ppi", judge_operations()); }
TEST_CASE("rogan-gladen: reference vectors") {
  check_vectors("rogan_gladen", judge_operations());
}
TEST_CASE("pass at k: reference vectors") { check_vectors("pass_at_k", judge_operations()); }

// Cohen 1960 style 2 x 2: 20 and 15 of 50 agreed on; observed 0.7, expected 0.5.
TEST_CASE("agreement: kappa by hand") {
  const RatingTable table{{20, 5}, {10, 15}};
  CHECK(kappa(table)->kappa == doctest::Approx(0.4));
  CHECK(*gwet_ac1(table) == doctest::Approx((0.7 - 0.495) / 0.505));
  CHECK(kappa({{30, 0}, {0, 0}}).refusal().code == "undefined_no_expected_disagreement");
  CHECK(kappa({{3, 1}}).refusal().code == "not_square");
}

// Krippendorff 2011, "Computing Krippendorff's alpha-reliability", example C: 4 observers, 12 units.
TEST_CASE("agreement: Krippendorff's published example") {
  const auto no = std::nullopt;
  const std::vector<Unit> units{{1, 1, no, 1}, {2, 2, 3, 2}, {3, 3, 3, 3},   {3, 3, 3, 3},
                                {2, 2, 2, 2},  {1, 2, 3, 4}, {4, 4, 4, 4},   {1, 1, 2, 1},
                                {2, 2, 2, 2},  {no, 5, 5, 5}, {no, no, 1, 1}, {no, 3, no, no}};
  CHECK(*krippendorff_alpha(units, Measurement::nominal) == doctest::Approx(0.743).epsilon(1e-3));
  CHECK(*krippendorff_alpha(units, Measurement::ordinal) == doctest::Approx(0.815).epsilon(1e-3));
  CHECK(*krippendorff_alpha(units, Measurement::interval) == doctest::Approx(0.849).epsilon(1e-3));
  CHECK(*krippendorff_alpha(units, Measurement::ratio) == doctest::Approx(0.797).epsilon(1e-3));
}

TEST_CASE("prediction-powered: a perfect judge adds its cases, a useless one nothing") {
  std::vector<double> y, noise, others;
  for (int i = 0; i < 40; ++i) {
    y.push_back(i % 2);
    noise.push_back((i / 2) % 2);
  }
  for (int i = 0; i < 400; ++i) others.push_back(i % 2);
  const auto perfect = prediction_powered_strict(y, y, others);
  const auto useless = prediction_powered_strict(y, noise, others);
  CHECK(perfect->lambda == doctest::Approx(1.0 / 1.1).epsilon(0.05));
  CHECK(perfect->se < 0.5 * useless->se);
  CHECK(useless->lambda == doctest::Approx(0.0));
  CHECK(useless->estimate == doctest::Approx(0.5));
  CHECK(prediction_powered_strict(std::span(y).first(19), std::span(y).first(19), others)
            .refusal()
            .code == "too_few_labeled_cases");
}

TEST_CASE("rogan-gladen: a judge who is always right changes nothing") {
  const auto r = rogan_gladen({30, 100, 50, 50, 50, 50});
  CHECK(r->estimate == doctest::Approx(0.3));
  CHECK(r->delta_se == doctest::Approx(std::sqrt(0.3 * 0.7 / 100.0)));
}

TEST_CASE("pass at k: by hand") {
  const auto p = pass_at_k(5, 2, 2);
  CHECK(p->any == doctest::Approx(1.0 - 3.0 / 10.0).epsilon(1e-15));
  CHECK(p->all == doctest::Approx(1.0 / 10.0).epsilon(1e-15));
}
