#pragma once
// Plots of loads as SVG elements without style attributes or scripts; classes are styled by the
// page. Each carries its content as text (`role="img"`, `aria-label`).

#include <string>
#include <utility>
#include <vector>

#include "ci/serving/load_figures.h"

namespace llmops {

struct PlotLine {
  std::string name;
  std::vector<std::pair<double, double>> points;  // x ascending; what is not finite is left out
  bool dashed = false;
};

struct LinePlot {
  std::string title, x, y;  // of the axes, with their units
  std::vector<PlotLine> lines;
  bool log_x = false;    // points with x <= 0 are left out
  bool markers = false;  // a dot at each point
};
// "" where no line has a point.
std::string line_plot_svg(const LinePlot& plot);

// Signed bars below each other, the total last.
struct PlotBar {
  std::string name;
  double value = 0;
  bool total = false;
};
std::string bars_svg(const std::string& title, const std::string& unit,
                     const std::vector<PlotBar>& bars);

// Share of the requests of the steady window that took at most so long, at most 200 steps.
// `metric`: a time of load_figures.h.
PlotLine latency_cdf(const std::string& name, const std::vector<LoadResult>& loads,
                     std::string_view metric);
// A number of each second of a load.
PlotLine per_second(const std::string& name, const LoadResult& load,
                    std::int64_t LoadSecond::*field);
// Median of a time over the requests that were due within each second.
PlotLine median_per_second(const std::string& name, const LoadResult& load,
                           std::string_view metric);

}  // namespace llmops
