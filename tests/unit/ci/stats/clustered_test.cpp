#include "ci/stats/clustered.h"

#include <doctest/doctest.h>

#include <array>

#include "ci/stats/repeats.h"
#include "tests/unit/ci/stats/operations.h"

using namespace llmops;
using namespace llmops::stats;

namespace llmops::test {
namespace {

std::vector<std::string> labels_of(const Value& in) {
  std::vector<std::string> labels;
  for (const Value& label : *member(in, "cluster").list()) labels.push_back(*label.string());
  return labels;
}

Value clustered_of(const Value& in) {
  const auto c = clusters(numbers(in, "d"), labels_of(in));
  if (!c) return refused(c.refusal());
  const auto t = t_clustered(*c, 0.0, number(in, "level"));
  Object object;
  if (!t) object = *refused(t.refusal()).object();
  object.add("n", static_cast<std::int64_t>(c->cases));
  object.add("clusters", static_cast<std::int64_t>(c->sums.size()));
  object.add("mean", c->mean);
  object.add("se_iid", c->se_iid);
  object.add("se_cr0", c->se_cr0);
  if (!t) return object;
  object.add("se_cr1", c->se_cr1);
  object.add("t", t->t);
  object.add("df", t->df);
  object.add("p_two_sided", t->p_two_sided);
  object.add("p_less", t->p_less);
  object.add("p_greater", t->p_greater);
  object.add("ci_lo", t->interval.lower);
  object.add("ci_hi", t->interval.upper);
  object.add("lower_bound", t->lower_bound);
  object.add("upper_bound", t->upper_bound);
  object.add("icc_anova", optional(c->icc));
  object.add("deff", optional(c->design_effect));
  return object;
}

Value guarded_of(const Value& in) {
  const auto c = clusters(numbers(in, "d"), labels_of(in));
  if (!c) return refused(c.refusal());
  return shown(guarded_clustered(*c, number(in, "range"), number(in, "level")),
               [&](const Guarded& g) {
                 return Object{{"n", static_cast<std::int64_t>(c->cases)},
                               {"clusters", static_cast<std::int64_t>(c->sums.size())},
                               {"mean", c->mean},
                               {"lower", g.lower},
                               {"upper", g.upper},
                               {"p_less", g.p_less},
                               {"p_greater", g.p_greater}};
               });
}

std::vector<Answers> answers_of(const Value& in, const char* key) {
  std::vector<Answers> run;
  for (const Value& answers : *member(in, key).list()) run.push_back(numbers(answers));
  return run;
}

}  // namespace

Operations clustered_operations() {
  return {
      {"clustered", clustered_of},
      {"clustered.guarded", guarded_of},
      {"repeats.variance_components",
       [](const Value& in) {
         return shown(
             variance_components(answers_of(in, "baseline"), answers_of(in, "candidate")),
             [](const VarianceComponents& v) {
               return Object{{"n", v.n},
                             {"mean_diff", v.mean_difference},
                             {"se", v.se},
                             {"var_case_means", v.var_case_means},
                             {"within_base", optional(v.within_baseline)},
                             {"within_cand", optional(v.within_candidate)},
                             {"within_noise_of_mean", optional(v.noise_of_mean)},
                             {"between", optional(v.between)},
                             {"share_within", optional(v.share_within)}};
             });
       }},
  };
}

}  // namespace llmops::test

using namespace llmops::test;

TEST_CASE("clustered: reference vectors") { check_vectors("clustered", clustered_operations()); }

TEST_CASE("clustered: clusters of one are cases") {
  const std::array d{0.1, -0.2, 0.4, 0.3, -0.1, 0.25};
  const std::vector<std::string> labels{"a", "b", "c", "d", "e", "f"};
  const auto c = clusters(d, labels);
  REQUIRE(c);
  CHECK(c->se_cr1 == doctest::Approx(c->se_iid).epsilon(1e-13));
  CHECK(*c->design_effect == doctest::Approx(1.0).epsilon(1e-13));
  CHECK(t_clustered(*c)->t == doctest::Approx(t_one_sample(d)->t).epsilon(1e-13));
  CHECK(guarded_clustered(*c, 1.0)->lower == doctest::Approx(guarded(d, 1.0)->lower).epsilon(1e-13));
}

TEST_CASE("clustered: saying everything twice is no new evidence") {
  const std::array once{0.1, -0.2, 0.4, 0.3, -0.1};
  std::vector<double> twice;
  std::vector<std::string> labels;
  for (std::size_t i = 0; i < 2 * once.size(); ++i) {
    twice.push_back(once[i / 2]);
    labels.push_back(std::to_string(i / 2));
  }
  const auto c = clusters(twice, labels);
  CHECK(t_clustered(*c)->p_two_sided ==
        doctest::Approx(t_one_sample(once)->p_two_sided).epsilon(1e-12));
  CHECK(*c->icc == doctest::Approx(1.0));
}

TEST_CASE("clustered: refusals") {
  const std::array d{0.1, 0.2};
  CHECK(clusters(d, std::vector<std::string>{"a"}).refusal().code == "length_mismatch");
  const auto one = clusters(d, std::vector<std::string>{"a", "a"});
  CHECK(t_clustered(*one).refusal().code == "fewer_than_two_clusters");
  const auto same = clusters(std::array{0.3, 0.3}, std::vector<std::string>{"a", "b"});
  CHECK(t_clustered(*same).refusal().code == "zero_variance");
}

TEST_CASE("repeats: variance within and between, by hand") {
  const std::vector<Answers> b{{0, 0}, {0, 0}, {0, 0}}, c{{1, 0}, {1, 1}, {0, 0}};
  const auto v = variance_components(b, c);
  REQUIRE(v);
  CHECK(v->mean_difference == doctest::Approx(0.5));
  CHECK(v->var_case_means == doctest::Approx(0.25));
  CHECK(*v->within_baseline == 0.0);
  CHECK(*v->within_candidate == doctest::Approx(0.5 / 3.0));
  CHECK(*v->noise_of_mean == doctest::Approx(0.25 / 3.0));
  CHECK(*v->between == doctest::Approx(0.25 - 0.25 / 3.0));
  CHECK(variance_components(b, std::vector<Answers>{{1}, {}, {0}}).refusal().index == 1);
}
