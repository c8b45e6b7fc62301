#include "ci/stats/multiplicity.h"

#include <doctest/doctest.h>

#include <array>

#include "ci/stats/gate_verdict.h"
#include "tests/unit/ci/stats/operations.h"

using namespace llmops;
using namespace llmops::stats;

namespace llmops::test {
namespace {

Adjustment method_of(const Value& in) {
  const std::string method = text(in, "method");
  if (method == "bonferroni") return Adjustment::bonferroni;
  if (method == "holm") return Adjustment::holm;
  if (method == "hochberg") return Adjustment::hochberg;
  if (method == "bh") return Adjustment::bh;
  return Adjustment::by;
}

std::optional<double> optional_number(const Value& in, const char* key) {
  const Value* found = in.find(key);
  if (found == nullptr || found->is_null()) return std::nullopt;
  return found->number();
}

Value list_of_optional(const std::vector<std::optional<double>>& values) {
  List list;
  for (const auto& value : values) list.push_back(optional(value));
  return list;
}

MetricBounds metric_of(const Value& in) {
  return {optional_number(in, "lower"), optional_number(in, "upper"), number(in, "margin"),
          optional_number(in, "p_worse")};
}

}  // namespace

Operations multiplicity_operations() {
  return {
      {"adjust",
       [](const Value& in) { return shown(adjust(numbers(in, "p"), method_of(in)), list_of); }},
      {"adjust.with_untestable",
       [](const Value& in) {
         std::vector<std::optional<double>> p;
         for (const Value& value : *member(in, "p").list())
           p.push_back(value.is_null() ? std::nullopt : std::optional(value.number()));
         return shown(adjust(p, method_of(in)), list_of_optional);
       }},
      {"verdict",
       [](const Value& in) {
         const Decision d = decide(metric_of(in));
         List notes;
         for (const std::string_view note : d.notes()) notes.emplace_back(note);
         return Object{{"verdict", name(d.verdict)}, {"notes", notes}};
       }},
      {"verdict.family",
       [](const Value& in) {
         std::vector<MetricBounds> metrics;
         for (const Value& metric : *member(in, "metrics").list())
           metrics.push_back(metric_of(metric));
         return shown(decide_family(metrics, number(in, "alpha")), [](const FamilyDecision& f) {
           List verdicts;
           for (const Decision& d : f.metrics) verdicts.emplace_back(name(d.verdict));
           return Object{{"p_worse_holm", list_of_optional(f.p_worse_adjusted)},
                         {"metrics", verdicts},
                         {"overall", name(f.overall)}};
         });
       }},
  };
}

}  // namespace llmops::test

using namespace llmops::test;

TEST_CASE("multiplicity: reference vectors") {
  check_vectors("multiplicity", multiplicity_operations());
}
TEST_CASE("gate verdict: reference vectors") {
  check_vectors("gate_verdict", multiplicity_operations());
}

TEST_CASE("multiplicity: by hand") {
  struct Row {
    const char* why;
    Adjustment method;
    std::vector<double> adjusted;
  };
  const std::array p{0.03, 0.01, 0.04};
  const Row rows[] = {
      {"times three", Adjustment::bonferroni, {0.09, 0.03, 0.12}},
      {"3, 2, 1, never falling", Adjustment::holm, {0.06, 0.03, 0.06}},
      {"1, 2, 3 from the largest", Adjustment::hochberg, {0.04, 0.03, 0.04}},
      {"3/1, 3/2, 3/3", Adjustment::bh, {0.04, 0.03, 0.04}},
      {"bh times 11/6", Adjustment::by, {0.04 * 11 / 6, 0.03 * 11 / 6, 0.04 * 11 / 6}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    const auto adjusted = adjust(p, row.method);
    REQUIRE(adjusted);
    for (std::size_t i = 0; i < p.size(); ++i)
      CHECK((*adjusted)[i] == doctest::Approx(row.adjusted[i]).epsilon(1e-14));
  }
  CHECK(adjust(std::array{0.5, 1.2}, Adjustment::holm).refusal().index == 1);
}

TEST_CASE("gate verdict: an untestable metric leaves the family but keeps it from passing") {
  const std::array<MetricBounds, 2> metrics{
      MetricBounds{.lower = -0.01, .upper = 0.02, .margin = 0.05, .p_worse = 0.04},
      MetricBounds{.margin = 0.05}};
  const auto family = decide_family(metrics);
  REQUIRE(family);
  CHECK(family->p_worse_adjusted[0] == 0.04);
  CHECK_FALSE(family->p_worse_adjusted[1]);
  CHECK(family->metrics[0].verdict == Verdict::pass);
  CHECK(family->metrics[1].verdict == Verdict::not_testable);
  CHECK(family->overall == Verdict::inconclusive);
  CHECK(decide_family({})->overall == Verdict::not_testable);
}

TEST_CASE("gate verdict: a small p alone is no regression while the upper bound reaches 0") {
  const MetricBounds metric{.lower = -0.2, .upper = 0.0, .margin = 0.05, .p_worse = 0.01};
  CHECK(decide(metric).verdict == Verdict::inconclusive);
}
