#include "ci/judge_calibration.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ci/stats/agreement.h"
#include "ci/stats/correlation.h"
#include "ci/stats/length_controlled.h"
#include "ci/stats/prediction_powered.h"
#include "ci/stats/rogan_gladen.h"
#include "ci/stats/t_test.h"
#include "datasets/text/json.h"

namespace llmops {
namespace {

using stats::Interval;

List pair_of(const Interval& interval) { return {interval.lower, interval.upper}; }

Object why(std::string sentence) {
  return Object{
      {"why", std::move(sentence)}
  };
}

Object rate_of(std::int64_t k, std::int64_t n, double level) {
  const auto rate = stats::agreement_rate(k, n, level);
  if (!rate) return why(rate.refusal().sentence);
  return Object{
      {"rate",     rate->rate             },
      {"interval", pair_of(rate->interval)},
      {"n",        n                      }
  };
}

class Figures {
 public:
  explicit Figures(const JudgeEvidence& evidence) : evidence_(evidence) {
    for (const JudgedCase& each : evidence.cases) {
      labels_.push_back(each.label);
      judged_.push_back(each.judged);
      label_places_.push_back(nearest_category(evidence.categories, each.label));
      judged_places_.push_back(nearest_category(evidence.categories, each.judged));
    }
  }

  Object make() {
    Object out;
    out.add("labelled", std::ssize(evidence_.cases));
    out.add("unlabelled", std::ssize(evidence_.unlabelled));
    out.add("unread", evidence_.unread);
    add_agreement(out);
    add_correlation(out);
    add_confusion(out);
    add_pairs(out);
    add_length_bias(out);
    add_consistency(out);
    if (evidence_.cost_usd && evidence_.verdicts > 0)
      out.add("cost_per_verdict_usd",
              *evidence_.cost_usd / static_cast<double>(evidence_.verdicts));
    add_corrected(out);
    return out;
  }

 private:
  stats::RatingTable table() const {
    const std::size_t k = evidence_.categories.size();
    stats::RatingTable counts(k, std::vector<std::int64_t>(k, 0));
    for (std::size_t i = 0; i < labels_.size(); ++i) ++counts[label_places_[i]][judged_places_[i]];
    return counts;
  }

  Object kappa_of(stats::Weights weights) const {
    const auto kappa = stats::kappa(table(), weights, evidence_.level);
    if (!kappa) return why(kappa.refusal().sentence);
    return Object{
        {"kappa",    kappa->kappa            },
        {"interval", pair_of(kappa->interval)}
    };
  }

  void add_agreement(Object& out) const {
    std::int64_t agree = 0;
    for (std::size_t i = 0; i < labels_.size(); ++i) agree += label_places_[i] == judged_places_[i];
    out.add("agreement", rate_of(agree, std::ssize(labels_), evidence_.level));
    out.add("kappa", kappa_of(stats::Weights::none));
    const bool ordered = evidence_.categories.size() > 2;
    if (ordered) out.add("weighted_kappa", kappa_of(stats::Weights::quadratic));
    std::vector<stats::Unit> units;
    for (std::size_t i = 0; i < labels_.size(); ++i)
      units.push_back(
          {evidence_.categories[label_places_[i]], evidence_.categories[judged_places_[i]]});
    const auto alpha = stats::krippendorff_alpha(
        units, ordered ? stats::Measurement::ordinal : stats::Measurement::nominal);
    out.add("alpha", alpha ? Object{{"alpha", *alpha}} : why(alpha.refusal().sentence));
  }

  void add_correlation(Object& out) const {
    const auto add = [&](const char* name, const stats::Tested<stats::Correlation>& found) {
      if (!found) return static_cast<void>(out.add(name, why(found.refusal().sentence)));
      Object figure{
          {"r", found->r}
      };
      if (found->interval) figure.add("interval", pair_of(*found->interval));
      out.add(name, std::move(figure));
    };
    add("pearson", stats::pearson(labels_, judged_, evidence_.level));
    add("spearman", stats::spearman(labels_, judged_, evidence_.level));
  }

  void add_confusion(Object& out) const {
    List categories, rows;
    for (const double category : evidence_.categories) categories.emplace_back(category);
    for (const auto& row : table()) {
      List counts;
      for (const std::int64_t count : row) counts.emplace_back(count);
      rows.emplace_back(std::move(counts));
    }
    out.add("confusion",
            Object{
                {"categories",   std::move(categories)},
                {"label_by_row", std::move(rows)      }
    });
  }

  // Flips and places of pairs, and whether the longer text wins more often than people say it does.
  void add_pairs(Object& out) const {
    std::int64_t flips = 0, with_orders = 0;
    std::vector<double> first;
    std::int64_t apart = 0, longer_judged = 0, longer_labelled = 0, apart_labelled = 0;
    for (const JudgedCase& each : evidence_.cases) {
      if (each.flips) {
        ++with_orders;
        flips += *each.flips > 0.5;
      }
      if (each.first) first.push_back(*each.first - 0.5);
      if (!each.longer_by || std::abs(*each.longer_by) <= stats::kLengthGap) continue;
      if (each.judged != 0.5) {
        ++apart;
        longer_judged += (*each.longer_by > 0) == (each.judged > 0.5);
      }
      if (each.label != 0.5) {
        ++apart_labelled;
        longer_labelled += (*each.longer_by > 0) == (each.label > 0.5);
      }
    }
    if (with_orders > 0) out.add("flip_rate", rate_of(flips, with_orders, evidence_.level));
    if (!first.empty()) {
      const auto t = stats::t_one_sample(first, 0.0, evidence_.level);
      // Without a spread every pair says the same, and there is nothing to infer an error from.
      Object figure{
          {"preference", first_mean(first)}
      };
      if (t) figure.add("interval", pair_of(t->interval));
      out.add("first_position", std::move(figure));
    }
    if (apart > 0) {
      Object figure = rate_of(longer_judged, apart, evidence_.level);
      if (apart_labelled > 0)
        figure.add("labels_rate",
                   static_cast<double>(longer_labelled) / static_cast<double>(apart_labelled));
      out.add("prefers_longer", std::move(figure));
    }
  }

  static double first_mean(const std::vector<double>& values) {
    double sum = 0;
    for (const double value : values) sum += value;
    return sum / static_cast<double>(values.size());
  }

  // Of single answers: does the judge err upwards on long ones?
  void add_length_bias(Object& out) const {
    std::vector<double> errors, lengths;
    for (const JudgedCase& each : evidence_.cases) {
      if (each.longer_by) return;
      errors.push_back(each.judged - each.label);
      lengths.push_back(std::log1p(each.length));
    }
    const auto r = stats::pearson(lengths, errors, evidence_.level);
    if (!r) return static_cast<void>(out.add("length_bias", why(r.refusal().sentence)));
    Object figure{
        {"r", r->r}
    };
    if (r->interval) figure.add("interval", pair_of(*r->interval));
    out.add("length_bias", std::move(figure));
  }

  void add_consistency(Object& out) const {
    std::int64_t same = 0, pairs = 0, steady = 0, repeated = 0;
    for (const JudgedCase& each : evidence_.cases) {
      if (each.draws.size() < 2) continue;
      std::vector<std::size_t> places;
      for (const double draw : each.draws)
        places.push_back(nearest_category(evidence_.categories, draw));
      bool all = true;
      for (std::size_t i = 0; i < places.size(); ++i)
        for (std::size_t j = 0; j < i; ++j) {
          ++pairs;
          same += places[i] == places[j];
          all = all && places[i] == places[j];
        }
      ++repeated;
      steady += all;
    }
    if (pairs == 0) return;
    // The interval is that of the cases: pairs of draws of one case are no independent evidence.
    Object figure = rate_of(steady, repeated, evidence_.level);
    figure.add("pairwise_rate", static_cast<double>(same) / static_cast<double>(pairs));
    out.add("self_consistency", std::move(figure));
  }

  void add_corrected(Object& out) const {
    if (evidence_.unlabelled.empty()) return;
    const auto found =
        stats::prediction_powered_strict(labels_, judged_, evidence_.unlabelled, evidence_.level);
    out.add("corrected", !found ? why(found.refusal().sentence)
                                : Object{
                                      {"mean",     found->estimate         },
                                      {"interval", pair_of(found->interval)},
                                      {"judged",   found->naive            },
                                      {"labels",   found->classical        },
                                      {"lambda",   found->lambda           }
    });
    if (evidence_.categories.size() != 2) return;
    stats::JudgeCounts counts;
    for (const double value : evidence_.unlabelled) {
      ++counts.n;
      counts.judged_pass += nearest_category(evidence_.categories, value) == 1;
    }
    for (std::size_t i = 0; i < labels_.size(); ++i) {
      if (label_places_[i] == 1) {
        ++counts.true_pass;
        counts.true_pass_judged_pass += judged_places_[i] == 1;
      } else {
        ++counts.true_fail;
        counts.true_fail_judged_fail += judged_places_[i] == 0;
      }
    }
    const auto rate = stats::rogan_gladen(counts, evidence_.level);
    out.add("rogan_gladen",
            !rate ? why(rate.refusal().sentence)
                  : Object{
                        {"rate",     rate->estimate         },
                        {"interval", pair_of(rate->adjusted)}
    });
  }

  const JudgeEvidence& evidence_;
  std::vector<double> labels_, judged_;
  std::vector<std::size_t> label_places_, judged_places_;
};

const double* number_of(const Value& figure, double& into) {
  for (const char* key : {"rate", "kappa", "alpha", "r", "preference", "mean"})
    if (const Value* found = figure.find(key)) {
      into = found->number();
      return &into;
    }
  return nullptr;
}

std::string interval_text(const Value& figure) {
  const Value* interval = figure.find("interval");
  if (interval == nullptr || !interval->is_list()) return "";
  return fmt::format("  [{:.3f}, {:.3f}]", interval->list()->at(0).number(),
                     interval->list()->at(1).number());
}

}  // namespace

std::size_t nearest_category(const std::vector<double>& categories, double value) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < categories.size(); ++i)
    if (std::abs(categories[i] - value) < std::abs(categories[best] - value) - 1e-12) best = i;
  return best;
}

Object judge_figures(const JudgeEvidence& evidence) { return Figures(evidence).make(); }

std::string judge_figures_text(const Object& figures) {
  struct Line {
    const char* key;
    const char* what;
  };
  constexpr Line kLines[] = {
      {"agreement",        "agreement with the labels"         },
      {"kappa",            "Cohen's kappa"                     },
      {"weighted_kappa",   "weighted kappa (quadratic)"        },
      {"alpha",            "Krippendorff's alpha"              },
      {"pearson",          "correlation (Pearson)"             },
      {"spearman",         "correlation (Spearman)"            },
      {"flip_rate",        "orders that disagree"              },
      {"first_position",   "preference for the first place"    },
      {"prefers_longer",   "the longer answer wins"            },
      {"length_bias",      "error grows with length (r)"       },
      {"self_consistency", "says the same when asked again"    },
      {"corrected",        "corrected mean of the unlabelled"  },
      {"rogan_gladen",     "corrected pass rate (Rogan-Gladen)"},
  };
  std::string text;
  for (const Line& line : kLines) {
    const Value* figure = figures.find(line.key);
    if (figure == nullptr) continue;
    double value = 0;
    if (const Value* reason = figure->find("why"))
      text += fmt::format("  {:<36} not measured: {}\n", line.what, to_text(*reason));
    else if (number_of(*figure, value) != nullptr)
      text += fmt::format("  {:<36} {:>7.3f}{}\n", line.what, value, interval_text(*figure));
    if (const Value* labels = figure->find("labels_rate"))
      text += fmt::format("  {:<36} {:>7.3f}\n", "  the same in the labels", labels->number());
    if (const Value* judged = figure->find("judged"))
      text += fmt::format("  {:<36} {:>7.3f}\n", "  as the judge alone has it", judged->number());
  }
  if (const Value* cost = figures.find("cost_per_verdict_usd"))
    text += fmt::format("  {:<36} ${:.6f}\n", "cost of a verdict", cost->number());
  if (const Value* confusion = figures.find("confusion")) {
    const Value* categories = confusion->find("categories");
    const Value* rows = confusion->find("label_by_row");
    if (categories != nullptr && rows != nullptr && rows->is_list() && categories->is_list()) {
      text += "  labels in rows, the judge in columns\n  " + std::string(8, ' ');
      for (const Value& category : *categories->list())
        text += fmt::format("{:>7.3g}", category.number());
      text += "\n";
      for (std::size_t i = 0; i < rows->list()->size(); ++i) {
        text += fmt::format("  {:>8.3g}", categories->list()->at(i).number());
        for (const Value& count : *rows->list()->at(i).list())
          text += fmt::format("{:>7}", to_text(count));
        text += "\n";
      }
    }
  }
  return text;
}

}  // namespace llmops
