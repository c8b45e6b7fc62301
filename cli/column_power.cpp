// Sample sizes, and online experiments with two arms.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "ci/stats/effect_size.h"
#include "ci/stats/power.h"
#include "ci/stats/t_test.h"
#include "ci/stats/two_proportions.h"
#include "cli/column_tests.h"

namespace llmops {
namespace {

using stats::ProportionMethod;
using stats::SampleSize;
using stats::Sides;
using stats::Tested;

// Beyond it no experiment is planned.
constexpr double kMostCases = 1e9;

Result<Object> refused(Object out, const stats::Refusal& refusal) {
  if (refusal.status == stats::Status::invalid_input) return problem(refusal.sentence);
  out.add("outcome", "not testable");
  out.add("why", refusal.sentence);
  out.add("code", refusal.code);
  return out;
}

// The smallest whole n in [low, kMostCases] with reached(n); reached is monotone.
std::optional<std::int64_t> smallest(double low, const std::function<bool(double)>& reached) {
  double high = low;
  while (!reached(high)) {
    if (high >= kMostCases) return std::nullopt;
    low = high;
    high = std::min(2 * high, kMostCases);
  }
  while (high - low > 1) {
    const double middle = std::floor((low + high) / 2);
    (reached(middle) ? high : low) = middle;
  }
  return static_cast<std::int64_t>(reached(low) ? low : high);
}

// The root of a monotone condition on (low, high), to double precision in 200 halvings.
double least(double low, double high, const std::function<bool(double)>& reached) {
  for (int i = 0; i < 200 && low < high; ++i) {
    const double middle = low + (high - low) / 2;
    if (middle <= low || middle >= high) break;
    (reached(middle) ? high : low) = middle;
  }
  return high;
}

bool at_least(const Tested<double>& power, double wanted) { return power && *power >= wanted; }

// Cases per arm of a two-sample t test for the standardised effect d.
std::optional<std::int64_t> cases_two_sample(double d, double power, double alpha, Sides sides) {
  return smallest(2, [&](double n) {
    return at_least(stats::power_t_two_sample(d, n, n, alpha, sides), power);
  });
}

// The standardised effect that arms of these sizes find.
std::optional<double> detectable_two_sample(double n_baseline, double n_candidate, double power,
                                            double alpha, Sides sides) {
  const auto reached = [&](double d) {
    return at_least(stats::power_t_two_sample(d, n_baseline, n_candidate, alpha, sides), power);
  };
  double high = 1e-3;
  while (!reached(high)) {
    high *= 2;
    if (high > 1e6) return std::nullopt;
  }
  return least(0, high, reached);
}

// A number of cases as people write it.
Value whole(double n) {
  return n == std::floor(n) && n < kMostCases ? Value(static_cast<std::int64_t>(n)) : Value(n);
}

Object power_document(const PowerOptions& options, std::string_view design) {
  return {
      {"test",        "power"                                      },
      {"design",      design                                       },
      {"alpha",       options.alpha                                },
      {"alternative", options.one_sided ? "one-sided" : "two-sided"}
  };
}

Result<Object> power_of_proportions(const PowerOptions& o, Sides sides) {
  const ProportionMethod method = o.method == "pooled"      ? ProportionMethod::pooled
                                  : o.method == "unpooled"  ? ProportionMethod::unpooled
                                  : o.method == "fleiss-cc" ? ProportionMethod::fleiss_cc
                                                            : ProportionMethod::arcsine;
  Object out = power_document(o, "two proportions, cases per arm");
  out.add("method", o.method);
  out.add("p1", *o.p1);
  out.add("p2", *o.p2);
  out.add("difference", *o.p2 - *o.p1);
  const Tested<SampleSize> needed =
      stats::cases_two_proportions(*o.p1, *o.p2, method, o.power, o.alpha, sides);
  if (!needed) return refused(std::move(out), needed.refusal());
  if (o.n) {
    const Tested<double> power =
        stats::power_two_proportions(*o.p1, *o.p2, *o.n, method, o.alpha, sides);
    if (!power) return refused(std::move(out), power.refusal());
    out.add("n", whole(*o.n));
    out.add("power", *power);
    out.add("wanted_power", o.power);
  } else {
    out.add("power", o.power);
    out.add("n", needed->n);
    out.add("n_real", needed->real);
  }
  out.add("cases_per_arm", needed->n);
  return out;
}

Result<Object> power_of_t(const PowerOptions& o, Sides sides) {
  const bool paired = o.design == "paired";
  const double sd = o.sd.value_or(1.0);
  Object out = power_document(o, paired ? "paired t" : "two-sample t, cases per arm");
  out.add("sd", sd);
  if (sd == 0)
    return refused(std::move(out), stats::not_testable("zero_variance", "the spread is zero"));
  std::optional<std::int64_t> needed;
  if (o.effect) {
    const double d = *o.effect / sd;
    if (paired) {
      const Tested<std::int64_t> cases = stats::cases_t_paired(d, o.power, o.alpha, sides);
      if (!cases) return refused(std::move(out), cases.refusal());
      needed = *cases;
    } else if (d == 0) {
      return refused(
          std::move(out),
          stats::not_testable("zero_effect", "no number of cases finds an effect of zero"));
    } else {
      needed = cases_two_sample(std::abs(d), o.power, o.alpha, sides);
    }
    out.add("effect", *o.effect);
    if (needed) out.add(paired ? "cases" : "cases_per_arm", *needed);
  }
  if (!o.n) {
    out.add("power", o.power);
    if (needed) out.add("n", *needed);
    return out;
  }
  out.add("n", whole(*o.n));
  if (o.effect) {
    const double d = *o.effect / sd;
    const Tested<double> power =
        paired ? stats::power_t_paired(d, *o.n, o.alpha, sides)
               : stats::power_t_two_sample(std::abs(d), *o.n, *o.n, o.alpha, sides);
    if (!power) return refused(std::move(out), power.refusal());
    out.add("power", *power);
    out.add("wanted_power", o.power);
  } else {
    out.add("power", o.power);
  }
  if (paired) {
    const Tested<double> effect = stats::detectable_effect(sd, *o.n, o.power, o.alpha, sides);
    if (!effect) return refused(std::move(out), effect.refusal());
    out.add("detectable_effect", *effect);
  } else if (const auto d = detectable_two_sample(*o.n, *o.n, o.power, o.alpha, sides)) {
    out.add("detectable_effect", *d * sd);
  }
  return out;
}

bool zero_or_one(double x) { return x == 0.0 || x == 1.0; }

std::int64_t successes(const Arm& arm) { return std::ranges::count(arm.outcomes, 1.0); }

Object arm_document(const Arm& arm, bool binary) {
  Object out{
      {"arm", arm.name                                      },
      {"n",   static_cast<std::int64_t>(arm.outcomes.size())}
  };
  if (binary) out.add("successes", successes(arm));
  if (!arm.outcomes.empty()) out.add(binary ? "rate" : "mean", stats::mean(arm.outcomes));
  return out;
}

stats::Proportion proportion(const Arm& arm) {
  return {successes(arm), static_cast<std::int64_t>(arm.outcomes.size())};
}

// How large the experiment had to be for a difference, and which difference this one can find.
void plan_proportions(Object& out, const stats::Proportion& b, const stats::Proportion& c,
                      double difference, const PowerOptions& o, Sides sides) {
  const double p2 = b.rate() + difference;
  if (p2 > 0 && p2 < 1 && b.rate() > 0 && b.rate() < 1) {
    const Tested<SampleSize> needed = stats::cases_two_proportions(
        b.rate(), p2, ProportionMethod::arcsine, o.power, o.alpha, sides);
    if (needed) out.add("cases_needed_per_arm", needed->n);
  }
  // Arms of different size: the harmonic mean is the size that two equal arms would have.
  const double n = 2.0 / (1.0 / static_cast<double>(b.n) + 1.0 / static_cast<double>(c.n));
  const double direction = b.rate() <= 0.5 ? 1.0 : -1.0;
  const double room = direction > 0 ? 1 - b.rate() : b.rate();
  const auto reached = [&](double d) {
    return at_least(stats::power_two_proportions(b.rate(), b.rate() + direction * d, n,
                                                 ProportionMethod::arcsine, o.alpha, sides),
                    o.power);
  };
  const double most = room * (1 - 1e-9);
  if (b.rate() > 0 && b.rate() < 1 && reached(most))
    out.add("detectable_effect", least(0, most, reached));
}

Result<Object> compare_rates(Object out, const Arm& baseline, const Arm& candidate,
                             const TestOptions& options, const PowerOptions& o, Sides sides) {
  const stats::Proportion b = proportion(baseline), c = proportion(candidate);
  const Tested<stats::ZTest> z = stats::pooled_z(b, c);
  const Tested<stats::Interval> interval = stats::newcombe(b, c, options.confidence);
  if (!interval) return refused(std::move(out), interval.refusal());
  const double difference = c.rate() - b.rate();
  if (z) {
    out.add("statistic", z->z);
    out.add("p_value", options.alternative == "less"      ? z->p_less
                       : options.alternative == "greater" ? z->p_greater
                                                          : z->p_two_sided);
    out.add("alternative", options.alternative);
  }
  out.add("difference", difference);
  out.add("interval", List{interval->lower, interval->upper});
  out.add("interval_method", "newcombe hybrid score");
  if (!z) return refused(std::move(out), z.refusal());
  const double planned = o.effect.value_or(difference);
  out.add("planned_effect", planned);
  plan_proportions(out, b, c, planned, o, sides);
  return out;
}

Result<Object> compare_means(Object out, const Arm& baseline, const Arm& candidate,
                             const TestOptions& options, const PowerOptions& o, Sides sides) {
  const stats::Moments b = stats::moments(baseline.outcomes);
  const stats::Moments c = stats::moments(candidate.outcomes);
  const Tested<stats::TTest> t = stats::t_welch(b, c, options.confidence);
  if (!t) return refused(std::move(out), t.refusal());
  out.add("statistic", t->t);
  out.add("df", t->df);
  out.add("p_value", options.alternative == "less"      ? t->p_less
                     : options.alternative == "greater" ? t->p_greater
                                                        : t->p_two_sided);
  out.add("alternative", options.alternative);
  out.add("difference", t->mean);
  out.add("interval", List{t->interval.lower, t->interval.upper});
  const double sd = std::sqrt((b.sd * b.sd + c.sd * c.sd) / 2);
  const double planned = o.effect.value_or(t->mean);
  out.add("planned_effect", planned);
  if (planned != 0 && sd > 0)
    if (const auto n = cases_two_sample(std::abs(planned) / sd, o.power, o.alpha, sides))
      out.add("cases_needed_per_arm", *n);
  if (const auto d = detectable_two_sample(static_cast<double>(b.n), static_cast<double>(c.n),
                                           o.power, o.alpha, sides))
    out.add("detectable_effect", *d * sd);
  return out;
}

}  // namespace

Result<Object> plan_power(const PowerOptions& options) {
  const Sides sides = options.one_sided ? Sides::one : Sides::two;
  if (options.p1) return power_of_proportions(options, sides);
  if (options.discordance) {
    Object out = power_document(options, "paired pass/fail (mcnemar)");
    out.add("discordance", *options.discordance);
    out.add("effect", *options.effect);
    const Tested<SampleSize> needed = stats::cases_mcnemar(*options.discordance, *options.effect,
                                                           options.power, options.alpha, sides);
    if (!needed) return refused(std::move(out), needed.refusal());
    out.add("power", options.power);
    out.add("n", needed->n);
    out.add("n_real", needed->real);
    out.add("cases", needed->n);
    return out;
  }
  if (options.margin) {
    Object out = power_document(options, "no loss beyond a margin, paired");
    out.set("alternative", "one-sided");
    out.add("margin", *options.margin);
    out.add("effect", options.effect.value_or(0.0));
    out.add("sd", *options.sd);
    const Tested<SampleSize> needed = stats::cases_noninferiority(
        *options.sd, *options.margin, options.effect.value_or(0.0), options.power, options.alpha);
    if (!needed) return refused(std::move(out), needed.refusal());
    out.add("power", options.power);
    out.add("n", needed->n);
    out.add("n_real", needed->real);
    out.add("cases", needed->n);
    if (options.range) {
      const Tested<std::int64_t> least_cases =
          stats::cases_certify_identical(*options.range, *options.margin, options.alpha);
      if (!least_cases) return refused(std::move(out), least_cases.refusal());
      out.add("cases_at_least", *least_cases);
    }
    return out;
  }
  return power_of_t(options, sides);
}

Result<Object> test_arms(const Arm& baseline, const Arm& candidate, const TestOptions& options,
                         double power, std::optional<double> effect) {
  const bool binary = std::ranges::all_of(baseline.outcomes, zero_or_one) &&
                      std::ranges::all_of(candidate.outcomes, zero_or_one);
  const Sides sides = options.alternative == "two-sided" ? Sides::two : Sides::one;
  PowerOptions plan{.effect = effect, .power = power, .alpha = 1 - options.confidence};
  Object out{
      {"test",                                                                           binary ? "two proportions z" : "welch t"},
      {           "n", static_cast<std::int64_t>(baseline.outcomes.size() + candidate.outcomes.size())                                        },
      {  "baseline",                                                                         arm_document(baseline,                                                                                                                 binary)},
      { "candidate",                                                                         arm_document(candidate,                                                                                                                 binary)}
  };
  Result<Object> result =
      binary ? compare_rates(std::move(out), baseline, candidate, options, plan, sides)
             : compare_means(std::move(out), baseline, candidate, options, plan, sides);
  if (result) {
    const double level = stats::mean(baseline.outcomes);
    const Value* difference = result->find("difference");
    if (difference != nullptr && level != 0)
      result->add("relative_difference", difference->number() / level);
    result->add("confidence", options.confidence);
    result->add("wanted_power", power);
  }
  return result;
}

}  // namespace llmops
