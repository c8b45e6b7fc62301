#include "cli/column_tests.h"

#include <fmt/format.h>

#include <algorithm>

#include "ci/stats/bootstrap.h"
#include "ci/stats/effect_size.h"
#include "ci/stats/mcnemar.h"
#include "ci/stats/moments.h"
#include "ci/stats/paired_binary.h"
#include "ci/stats/permutation.h"
#include "ci/stats/resampling.h"
#include "ci/stats/t_test.h"
#include "ci/stats/wilcoxon.h"

namespace llmops {
namespace {

using stats::Interval;
using stats::Refusal;
using stats::Tested;

List pair_of(const Interval& interval) { return {interval.lower, interval.upper}; }

std::int64_t count(const std::vector<double>& values) {
  return static_cast<std::int64_t>(values.size());
}

void add_means(Object& out, const TwoColumns& data) {
  if (!data.baseline.empty()) out.add("baseline_mean", stats::mean(data.baseline));
  if (!data.candidate.empty()) out.add("candidate_mean", stats::mean(data.candidate));
}

// The document of a refusal, or a problem where the input is one that no test takes.
Result<Object> refused(std::string_view test, const Refusal& refusal, const TwoColumns& data,
                       std::int64_t n) {
  if (refusal.status == stats::Status::invalid_input) return problem(refusal.sentence);
  Object out{
      {"test",    test            },
      {"outcome", "not testable"  },
      {"why",     refusal.sentence},
      {"code",    refusal.code    },
      {"n",       n               }
  };
  if (!data.baseline.empty() && !data.candidate.empty())
    out.add("difference", stats::mean(data.candidate) - stats::mean(data.baseline));
  add_means(out, data);
  return out;
}

double p_of(const TestOptions& options, double two_sided, double less, double greater) {
  return options.alternative == "less"      ? less
         : options.alternative == "greater" ? greater
                                            : two_sided;
}

void add_wins(Object& out, const TwoColumns& data) {
  const Tested<stats::PairedEffects> effects = stats::paired_effects(data.baseline, data.candidate);
  if (!effects) return;
  if (effects->dz) out.add("dz", *effects->dz);
  out.add("wins", effects->wins);
  out.add("losses", effects->losses);
  out.add("ties", effects->ties);
}

// BCa interval of the mean difference: what tests without an interval of their own show.
void add_bootstrap_interval(Object& out, const std::vector<double>& differences,
                            const TestOptions& options) {
  const Tested<stats::BootstrapInterval> interval =
      stats::bootstrap_mean(differences, options.confidence,
                            {.stream = stats::stream_of(options.seed, "stats", "bootstrap"),
                             .resamples = options.resamples});
  if (!interval) return;
  out.add("interval", pair_of(interval->interval));
  out.add("interval_method", interval->bias_corrected
                                 ? "bca bootstrap of the mean difference"
                                 : "percentile bootstrap of the mean difference");
}

Object t_document(std::string_view test, const stats::TTest& t, const TestOptions& options,
                  std::int64_t n) {
  return {
      {"test",        test                   },
      {"statistic",   t.t                    },
      {"df",          t.df                   },
      {"p_value",     p_of(options,            t.p_two_sided, t.p_less, t.p_greater)},
      {"alternative",     options.alternative               },
      {"difference", t.mean},
      {"interval",  pair_of(t.interval)                  },
      {"confidence",    options.confidence      },
      {"lower_bound",  t.lower_bound   },
      {"upper_bound", t.upper_bound         },
      {"se", t.se          },
      {"n",          n                            }
  };
}

}  // namespace

Result<Object> test_paired_t(const TwoColumns& data, const TestOptions& options) {
  const Tested<stats::TTest> t =
      stats::t_paired(data.baseline, data.candidate, options.null_value, options.confidence);
  if (!t) return refused("paired t", t.refusal(), data, count(data.baseline));
  Object out = t_document("paired t", *t, options, count(data.baseline));
  add_means(out, data);
  add_wins(out, data);
  return out;
}

Result<Object> test_welch_t(const TwoColumns& data, const TestOptions& options) {
  const std::int64_t n = count(data.baseline) + count(data.candidate);
  const Tested<stats::TTest> t = stats::t_welch(data.baseline, data.candidate, options.confidence);
  if (!t) return refused("welch t", t.refusal(), data, n);
  Object out = t_document("welch t", *t, options, n);
  out.add("n_baseline", count(data.baseline));
  out.add("n_candidate", count(data.candidate));
  add_means(out, data);
  const Tested<stats::IndependentEffects> effects =
      stats::independent_effects(data.baseline, data.candidate);
  if (effects && effects->hedges_g) out.add("hedges_g", *effects->hedges_g);
  return out;
}

Result<Object> test_wilcoxon(const TwoColumns& data, const TestOptions& options) {
  const Tested<std::vector<double>> differences = stats::differences(data.baseline, data.candidate);
  if (!differences) return refused("wilcoxon", differences.refusal(), data, count(data.baseline));
  const stats::ZeroRule zeros = options.zeros == "wilcox"   ? stats::ZeroRule::wilcox
                                : options.zeros == "zsplit" ? stats::ZeroRule::zsplit
                                                            : stats::ZeroRule::pratt;
  const stats::RankMethod method = options.method == "exact" ? stats::RankMethod::exact
                                   : options.method == "approximate"
                                       ? stats::RankMethod::approximate
                                       : stats::RankMethod::automatic;
  const Tested<stats::Wilcoxon> w =
      stats::wilcoxon(*differences, zeros, method, options.continuity);
  if (!w) return refused("wilcoxon", w.refusal(), data, count(data.baseline));
  Object out{
      {"test",          "wilcoxon"        },
      {"statistic",     std::min(w->w_plus, w->w_minus)},
      {"p_value",               p_of(options,                         w->p_two_sided, w->p_less, w->p_greater)},
      {"alternative", options.alternative},
      {"difference",               stats::mean(*differences)                    }
  };
  add_bootstrap_interval(out, *differences, options);
  out.add("confidence", options.confidence);
  out.add("n", count(data.baseline));
  out.add("ranked", w->n);
  out.add("zeros", w->zeros);
  out.add("w_plus", w->w_plus);
  out.add("w_minus", w->w_minus);
  if (w->z) out.add("z", *w->z);
  out.add("method", w->z ? "approximate" : "exact");
  const Tested<double> centre = stats::hodges_lehmann(*differences);
  if (centre) out.add("hodges_lehmann", *centre);
  out.add("seed", options.seed);
  add_means(out, data);
  add_wins(out, data);
  return out;
}

Result<Object> test_mcnemar(const TwoColumns& data, const TestOptions& options) {
  const std::int64_t n = count(data.baseline);
  const Tested<stats::PairedTable> table = stats::paired_table(data.baseline, data.candidate);
  if (!table) return refused("mcnemar", table.refusal(), data, n);
  const Tested<stats::McNemar> m = stats::mcnemar(*table);
  if (!m) return refused("mcnemar", m.refusal(), data, n);
  const Tested<Interval> interval = stats::tango(*table, options.confidence);
  if (!interval) return refused("mcnemar", interval.refusal(), data, n);
  const std::string method = options.method.empty() ? "exact" : options.method;
  const bool chi = method == "chi2" || method == "chi2-corrected";
  const auto& square = method == "chi2" ? m->chi_square : m->chi_square_corrected;
  if (chi && options.alternative != "two-sided")
    return problem(fmt::format("--method {} has no one-sided form", method),
                   "expected exact or mid-p with --alternative less or greater");
  if (chi && !square)
    return refused("mcnemar", stats::not_testable("no_discordant_pairs", "no case changed"), data,
                   n);
  const double exact = p_of(options, m->exact_two_sided, m->exact_worse, m->exact_better);
  const double mid = p_of(options, m->mid_two_sided, m->mid_worse, m->mid_better);
  Object out{
      {"test", "mcnemar"}
  };
  if (chi) {
    out.add("statistic", square->statistic);
    out.add("df", 1);
    out.add("p_value", square->p);
  } else {
    if (m->chi_square) out.add("statistic", m->chi_square->statistic);
    out.add("p_value", method == "exact" ? exact : mid);
  }
  out.add("alternative", options.alternative);
  out.add("difference", m->difference);
  out.add("interval", pair_of(*interval));
  out.add("interval_method", "tango score");
  out.add("confidence", options.confidence);
  out.add("n", n);
  out.add("method", method);
  out.add("gains", table->gains);
  out.add("losses", table->losses);
  out.add("discordant", m->discordant);
  out.add("p_exact", exact);
  out.add("p_mid", mid);
  if (m->chi_square) {
    out.add("chi2", m->chi_square->statistic);
    out.add("p_chi2", m->chi_square->p);
  }
  if (m->chi_square_corrected) {
    out.add("chi2_corrected", m->chi_square_corrected->statistic);
    out.add("p_chi2_corrected", m->chi_square_corrected->p);
  }
  add_means(out, data);
  return out;
}

Result<Object> test_permutation(const TwoColumns& data, const TestOptions& options) {
  const std::int64_t n = count(data.baseline);
  const Tested<std::vector<double>> differences = stats::differences(data.baseline, data.candidate);
  if (!differences) return refused("permutation", differences.refusal(), data, n);
  const stats::FlipOptions flip{.stream = stats::stream_of(options.seed, "stats", "sign flips"),
                                .resamples = options.resamples,
                                .alpha = 1 - options.confidence};
  const Tested<stats::SignFlip> p = options.method == "exact" ? stats::sign_flip_exact(*differences)
                                    : options.method == "monte-carlo"
                                        ? stats::sign_flip_monte_carlo(*differences, flip)
                                        : stats::sign_flip(*differences, flip);
  if (!p) return refused("permutation", p.refusal(), data, n);
  stats::Sum sum;
  for (const double d : *differences) sum.add(d);
  Object out{
      {"test",        "permutation"         },
      {"statistic",   sum.value()           },
      {"p_value",     p_of(options,           p->p_two_sided, p->p_less, p->p_greater)},
      {"alternative",    options.alternative            },
      {"difference", stats::mean(*differences)}
  };
  add_bootstrap_interval(out, *differences, options);
  out.add("confidence", options.confidence);
  out.add("n", n);
  const bool sampled = p->method == stats::FlipMethod::monte_carlo;
  out.add("method", sampled ? "sign flips, monte carlo" : "sign flips, exact");
  if (sampled) out.add("resamples", p->resamples);
  out.add("seed", options.seed);
  add_means(out, data);
  add_wins(out, data);
  return out;
}

Result<Object> test_bootstrap(const TwoColumns& data, const TestOptions& options) {
  const std::int64_t n = count(data.baseline);
  const Tested<std::vector<double>> differences = stats::differences(data.baseline, data.candidate);
  if (!differences) return refused("bootstrap", differences.refusal(), data, n);
  const Tested<stats::BootstrapInterval> b =
      stats::bootstrap_mean(*differences, options.confidence,
                            {.stream = stats::stream_of(options.seed, "stats", "bootstrap"),
                             .resamples = options.resamples});
  if (!b) return refused("bootstrap", b.refusal(), data, n);
  Object out{
      {"test",                "bootstrap"                             },
      {"statistic",           b->estimate                             },
      {"difference",          b->estimate                             },
      {"interval",            pair_of(b->interval)                    },
      {"interval_method",     b->bias_corrected ? "bca" : "percentile"},
      {"percentile_interval", pair_of(b->percentile)                  },
      {"confidence",          options.confidence                      },
      {"n",                   n                                       },
      {"resamples",           b->resamples                            },
      {"seed",                options.seed                            }
  };
  add_means(out, data);
  add_wins(out, data);
  return out;
}

}  // namespace llmops
