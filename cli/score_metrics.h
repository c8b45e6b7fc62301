#pragma once
// The metrics of `llmops score`: made from --metric and --option, and what each has added up over
// the rows of one system.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "datasets/text/diagnostic.h"
#include "evaluators/metric.h"

namespace llmops {

struct ScoreMetric {
  const MetricInfo* info = nullptr;
  std::unique_ptr<Metric> metric;
  // "bleu", "rouge.rougeL.fmeasure": a column's name in `--per-row`.
  std::string detail_name(std::size_t column) const;
  // "bleu", "rouge.rougeL": a headline's name; the column has to have one.
  std::string headline_name(std::size_t column) const;
};

// `options` are METRIC.KEY=VALUE, read as YAML reads a plain scalar; a list is joined by `+`.
std::vector<ScoreMetric> make_score_metrics(const std::vector<std::string>& names,
                                            const std::vector<std::string>& options,
                                            Diagnostics& problems);

// What one metric said about one system.
class MetricTotals {
 public:
  // `keep`: the rows' own numbers stay, for tests between systems.
  MetricTotals(std::size_t columns, bool keep) : columns_(columns), keep_(keep) {}
  void add(const Measurement& measured);

  // {score, mean, n, signature, parts} of each headline; sets and rows that were not measured are
  // told in `warnings`.
  void add_figures(const ScoreMetric& metric, Object& figures, List& warnings) const;

  // The figure of the set where the metric has one, else the mean of the rows.
  std::optional<double> figure(const Metric& metric, std::size_t column) const;
  const std::vector<double>& counts() const { return counts_; }

  // Kept rows: one value for each column, and the counts, `width()` numbers each (0: the metric has
  // none; rows without a measurement have none either).
  struct Row {
    std::vector<std::optional<double>> values;
    std::vector<double> counts;
  };
  const std::vector<Row>& rows() const { return rows_; }

 private:
  struct ColumnTotal {
    double sum = 0;
    std::int64_t n = 0;
  };
  double mean(std::size_t column) const {
    return columns_[column].sum / static_cast<double>(columns_[column].n);
  }
  std::vector<ColumnTotal> columns_;
  bool keep_;
  std::vector<double> counts_;
  std::int64_t unscored_ = 0;
  std::string why_;  // of the first unscored row
  std::vector<Row> rows_;
};

// Several rows that answer one problem: pass@k of a metric of 0 and 1 (Chen et al. 2021).
class PassCounts {
 public:
  void add(const std::string& problem, double value);
  // Mean over the problems; absent, with the reason in `why`, where one has fewer rows than k.
  std::optional<double> pass_at(std::int64_t k, std::string& why) const;

 private:
  struct Count {
    std::int64_t rows = 0, passed = 0;
  };
  std::map<std::string, Count> problems_;
};

}  // namespace llmops
