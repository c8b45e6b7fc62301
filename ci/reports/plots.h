#pragma once
// Plots as SVG elements without style attributes or scripts; classes are styled by the page. Each
// carries its content as text (`role="img"`, `aria-label`).

#include <string>
#include <vector>

#include "ci/reports/report.h"

namespace llmops {

// Counts of values in equal bins over [low, high]; values outside fall into the last bin of their
// side.
class Histogram {
 public:
  Histogram(double low, double high, std::size_t bins);
  void add(double value);
  std::int64_t total() const { return total_; }
  const std::vector<std::int64_t>& counts() const { return counts_; }
  double low() const { return low_; }
  double high() const { return high_; }

 private:
  double low_, high_;
  std::vector<std::int64_t> counts_;
  std::int64_t total_ = 0;
};

// One plot; `over`, where given, is drawn as an outline above the bars (the baseline).
std::string histogram_svg(const std::string& title, const Histogram& bars, const Histogram* over);

// The distribution of every score and of tokens and latency, and the paired differences where the
// baseline's rows are there. One pass over the rows of each run.
std::string distributions_svg(const ReportInput& input);

// Difference and interval of every compared score in [0, 1], with its margin: better is right.
std::string intervals_svg(const ReportInput& input);

// The same of every slice that was compared, a plot a score; slices that got worse come first.
std::string slices_svg(const ReportInput& input);

// Share of the cases that were answered within a time (both runs), and the times of the calls in
// the order of their ends.
std::string latency_svg(const ReportInput& input);

// Tokens and cost of a case, both runs.
std::string usage_svg(const ReportInput& input);

// Means of a suite's runs, oldest first, a plot a measure; the baseline is ringed, a run that
// failed is a cross. `present`: id of the run that is looked at.
std::string history_svg(const std::vector<PastRun>& history, const std::vector<Measure>& measures,
                        const std::string& present);

}  // namespace llmops
