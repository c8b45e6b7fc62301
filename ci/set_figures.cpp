#include "ci/set_figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>

#include "ci/compare/row_pairs.h"
#include "ci/stats/controlled_rate.h"
#include "ci/stats/resampling.h"

namespace llmops {
namespace {

using Kind = SetFigure::Kind;

constexpr int kMostRefits = 1999, kFewestRefits = 199;
constexpr double kRefitBudget = 2e7;  // cases times resamples
constexpr int kArenaResamples = 100;  // Arena-Hard's show_result.py
constexpr double kArenaLevel = 0.90;
constexpr std::string_view kStyle[] = {"style_length", "style_headers", "style_lists",
                                       "style_bold"};

std::string_view name(Kind kind) {
  switch (kind) {
    case Kind::win_rate:
      return "win_rate";
    case Kind::length_controlled:
      return "length_controlled";
    case Kind::style_controlled:
      break;
  }
  return "style_controlled";
}

std::optional<std::size_t> place_of(const std::vector<Measure>& measures, const std::string& name) {
  const auto found = std::ranges::find(measures, name, &Measure::name);
  if (found == measures.end()) return std::nullopt;
  return static_cast<std::size_t>(found - measures.begin());
}

std::optional<double> value_at(const CaseRow& row, std::optional<std::size_t> place) {
  return place && *place < row.values.size() ? row.values[*place] : std::nullopt;
}

double deviation(const std::vector<FigureCase>& cases, std::size_t covariate) {
  double mean = 0, squares = 0;
  const auto n = static_cast<double>(cases.size());
  for (const FigureCase& each : cases) mean += each.covariates[covariate] / n;
  for (const FigureCase& each : cases)
    squares += (each.covariates[covariate] - mean) * (each.covariates[covariate] - mean);
  return std::sqrt(squares / (n - 1));
}

FittedFigure weighted_mean(const std::vector<FigureCase>& cases) {
  const auto mean_of = [](const std::vector<FigureCase>& all, auto places) {
    double sum = 0, weights = 0;
    for (const std::uint32_t place : places) {
      sum += all[place].weight * all[place].preference;
      weights += all[place].weight;
    }
    return sum / weights;
  };
  std::vector<std::uint32_t> every(cases.size());
  for (std::size_t i = 0; i < every.size(); ++i) every[i] = static_cast<std::uint32_t>(i);
  const auto kept = std::make_shared<const std::vector<FigureCase>>(cases);
  return {
      mean_of(cases, std::span<const std::uint32_t>(every)),
      [kept, mean_of](std::span<const std::uint32_t> places) { return mean_of(*kept, places); }};
}

// Length in units of its deviation, flattened (AlpacaEval); styles in theirs.
stats::Tested<FittedFigure> controlled(Kind kind, const std::vector<FigureCase>& cases) {
  const bool length = kind == Kind::length_controlled;
  const std::size_t covariates = length ? 1 : std::size(kStyle);
  std::array<double, 4> spreads = {};
  for (std::size_t i = 0; i < covariates; ++i) spreads[i] = deviation(cases, i);
  if (std::ranges::none_of(spreads, [](double spread) { return spread > 0; }))
    return length ? stats::not_testable("equal_lengths",
                                        "all answers differ in length by the same amount")
                  : stats::not_testable("equal_styles", "no two pairs differ in style");
  const auto known = std::ranges::count_if(
      cases, [](const FigureCase& each) { return each.difficulty.has_value(); });
  if (known > 0 && known < std::ssize(cases))
    return stats::not_testable(
        "no_difficulty",
        fmt::format("{} of {} cases have no difficulty", std::ssize(cases) - known, cases.size()));
  std::vector<stats::ControlledItem> items;
  for (const FigureCase& each : cases) {
    stats::ControlledItem item{.preference = each.preference,
                               .weight = length ? 1 : each.weight,
                               .difficulty = each.difficulty.value_or(0)};
    for (std::size_t i = 0; i < covariates; ++i) {
      const double z = spreads[i] > 0 ? each.covariates[i] / spreads[i] : 0;
      item.covariates[i] = length ? std::tanh(z) : z;
    }
    items.push_back(item);
  }
  const auto model =
      std::make_shared<const stats::ControlledRate>(std::move(items), covariates, known > 0);
  return FittedFigure{model->rate(), [model](std::span<const std::uint32_t> places) {
                        return model->rate(places);
                      }};
}

}  // namespace

std::vector<SetFigure> set_figures(const std::vector<Measure>& measures) {
  std::vector<SetFigure> figures;
  for (const Measure& measure : measures) {
    // `not`, `min` and reducers make another number of a preference.
    if (measure.builtin || measure.kind != ScoreKind::bounded || !measure.reduce.empty() ||
        measure.better != Better::higher)
      continue;
    const auto add = [&](Kind kind, std::string_view needs) {
      if (!place_of(measures, fmt::format("{}.{}", measure.name, needs))) return;
      SetFigure& figure = figures.emplace_back();
      figure.kind = kind;
      figure.of = measure.name;
      figure.measure = measure;
      figure.measure.name = fmt::format("{}.{}", measure.name, name(kind));
      figure.measure.signature += fmt::format("|figure:{}|version:1", name(kind));
    };
    add(Kind::win_rate, "weight");
    add(Kind::length_controlled, "longer_by");
    add(Kind::style_controlled, kStyle[0]);
  }
  return figures;
}

std::optional<SetFigure> find_set_figure(const std::vector<Measure>& measures,
                                         const std::string& name) {
  for (SetFigure& figure : set_figures(measures))
    if (figure.measure.name == name) return std::move(figure);
  return std::nullopt;
}

FigureColumns::FigureColumns(const SetFigure& figure, const RunHeader& header) {
  const auto column = [&](std::string_view detail) {
    return place_of(header.measures, fmt::format("{}.{}", figure.of, detail));
  };
  preference_ = place_of(header.measures, figure.of);
  weight_ = column("weight");
  if (figure.kind == Kind::length_controlled) {
    covariates_[0] = column("longer_by");
    difficulty_ = column("difficulty");
  }
  if (figure.kind == Kind::style_controlled)
    for (std::size_t i = 0; i < covariates_.size(); ++i) covariates_[i] = column(kStyle[i]);
}

std::optional<FigureCase> FigureColumns::read(const CaseRow& row) const {
  const std::optional<double> preference = value_at(row, preference_);
  if (!preference) return std::nullopt;
  FigureCase found{.preference = *preference,
                   .weight = value_at(row, weight_).value_or(1),
                   .difficulty = value_at(row, difficulty_),
                   .group = row.group};
  for (std::size_t i = 0; i < covariates_.size(); ++i)
    found.covariates[i] = value_at(row, covariates_[i]).value_or(0);
  return found;
}

FigureCase FigureColumns::read_worst(const CaseRow& row, double worst) const {
  const std::optional<double> preference = value_at(row, preference_);
  FigureCase found;
  if (std::optional<FigureCase> judged = read(row)) found = *std::move(judged);
  found.group = row.group;
  if (const auto value = with_failures_as(worst, row, preference)) found.preference = *value;
  return found;
}

stats::Tested<FittedFigure> fit_figure(SetFigure::Kind kind, const std::vector<FigureCase>& cases) {
  if (cases.size() < 2)
    return stats::not_testable("fewer_than_two_cases", "there are fewer than two judged pairs");
  if (kind == Kind::win_rate) return weighted_mean(cases);
  return controlled(kind, cases);
}

std::vector<double> resample_figure(const std::vector<FigureCase>& cases,
                                    const stats::ResampleStatistic& statistic, int resamples,
                                    std::uint64_t stream) {
  const stats::BootstrapOptions options{.stream = stream, .resamples = resamples};
  std::map<std::string, std::vector<std::uint32_t>> groups;
  std::vector<std::vector<std::uint32_t>> units;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const auto place = static_cast<std::uint32_t>(i);
    if (cases[i].group.empty())
      units.push_back({place});
    else
      groups[cases[i].group].push_back(place);
  }
  if (groups.empty()) return stats::bootstrap(cases.size(), statistic, options);
  for (auto& group : groups) units.push_back(std::move(group.second));
  return stats::bootstrap(
      units.size(),
      [&](std::span<const std::uint32_t> drawn) {
        std::vector<std::uint32_t> places;
        for (const std::uint32_t unit : drawn)
          places.insert(places.end(), units[unit].begin(), units[unit].end());
        return statistic(places);
      },
      options);
}

int figure_resamples(std::size_t cases) {
  const double affordable = kRefitBudget / static_cast<double>(std::max<std::size_t>(1, cases));
  return static_cast<int>(std::clamp<double>(affordable, kFewestRefits, kMostRefits));
}

MeasureSummary summarize_figure(const SetFigure& figure, const RunSource& run) {
  MeasureSummary summary{.measure = figure.measure};
  const FigureColumns columns(figure, run.header());
  std::vector<FigureCase> cases;
  CaseRow row;
  for (const auto rows = run.rows(); rows->next(row);) {
    if (std::optional<FigureCase> judged = columns.read(row))
      cases.push_back(*std::move(judged));
    else
      ++summary.unscored;
  }
  summary.n = std::ssize(cases);
  const auto fitted = fit_figure(figure.kind, cases);
  if (!fitted) {
    summary.why = "not measured, because " + fitted.refusal().sentence;
    return summary;
  }
  summary.mean = fitted->value;
  const bool arena = figure.kind == Kind::win_rate;
  if (arena) summary.level = kArenaLevel;
  const std::vector<double> drawn = resample_figure(
      cases, fitted->of_cases, arena ? kArenaResamples : figure_resamples(cases.size()),
      stats::stream_of(run.header().seed, figure.measure.name, "figure"));
  const double tail = (1 - summary.level) / 2;
  const std::array<double, 2> ends = {tail, 1 - tail};
  if (const auto bounds = stats::percentile_bounds(drawn, ends)) {
    summary.interval_low = (*bounds)[0];
    summary.interval_high = (*bounds)[1];
  }
  return summary;
}

}  // namespace llmops
