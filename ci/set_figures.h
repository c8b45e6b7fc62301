#pragma once
// Figures of a whole run that are no mean over its cases: win rates of judged pairs, as they are
// counted over verdicts, at equal length, at equal style. They follow from columns that a judge of
// pairs leaves in the record, so that stored runs, baselines and merged parts have them too.

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ci/stats/bootstrap.h"
#include "ci/stats/tested.h"
#include "ci/summary.h"
#include "evaluators/run_record.h"

namespace llmops {

struct SetFigure {
  enum class Kind {
    win_rate,           // mean over verdicts, a strong one counts three times (Arena-Hard)
    length_controlled,  // at equal length (AlpacaEval 2 LC)
    style_controlled,   // at equal length, headers, lists and bold (Arena-Hard)
  };
  Kind kind = Kind::win_rate;
  Measure measure;  // "pairwise.length_controlled"
  std::string of;   // the preference that it is formed from: "pairwise"
};

// Of every preference that has the columns for it, in this order of kinds.
std::vector<SetFigure> set_figures(const std::vector<Measure>& measures);
std::optional<SetFigure> find_set_figure(const std::vector<Measure>& measures,
                                         const std::string& name);

// What a figure needs of one case.
struct FigureCase {
  double preference = 0.5, weight = 1;
  std::array<double, 4> covariates = {};  // characters longer; or differences of style
  std::optional<double> difficulty;
  std::string group;
};

// Reads a run's rows for one figure. The run may lack some of its columns.
class FigureColumns {
 public:
  FigureColumns(const SetFigure& figure, const RunHeader& header);
  // nullopt: nothing was judged.
  std::optional<FigureCase> read(const CaseRow& row) const;
  // The case as if every answer that failed or was not judged had lost (won, with `worst` 1).
  FigureCase read_worst(const CaseRow& row, double worst) const;

 private:
  std::optional<std::size_t> preference_, weight_, difficulty_;
  std::array<std::optional<std::size_t>, 4> covariates_;
};

// The figure of some cases, and of resamples of them (thread-safe).
struct FittedFigure {
  double value = 0;
  stats::ResampleStatistic of_cases;
};
// not_testable fewer_than_two_cases, equal_lengths, equal_styles, no_difficulty.
stats::Tested<FittedFigure> fit_figure(SetFigure::Kind kind, const std::vector<FigureCase>& cases);

// Resampled values of a statistic of cases. Cases of one group are drawn together.
std::vector<double> resample_figure(const std::vector<FigureCase>& cases,
                                    const stats::ResampleStatistic& statistic, int resamples,
                                    std::uint64_t stream);
// Refits of intervals and tests: fewer where there are many cases.
int figure_resamples(std::size_t cases);

// The figure of a run. Its interval: percentiles of resampled cases, each fitted again; of a
// win_rate Arena-Hard's 100 resamples and 90 %.
MeasureSummary summarize_figure(const SetFigure& figure, const RunSource& run);

}  // namespace llmops
