#include "ci/compare/row_pairs.h"

#include "ci/gate/gate_file.h"

namespace llmops {

RowPairs::RowPairs(const RunSource& baseline, const RunSource& candidate)
    : baseline_{baseline.rows(), {}, false}, candidate_{candidate.rows(), {}, false} {
  baseline_.advance();
  candidate_.advance();
}

bool RowPairs::next() {
  if (has_baseline_) baseline_.advance();
  if (has_candidate_) candidate_.advance();
  has_baseline_ = !baseline_.ended;
  has_candidate_ = !candidate_.ended;
  if (has_baseline_ && has_candidate_) {
    const int order = baseline_.row.id.compare(candidate_.row.id);
    has_baseline_ = order <= 0;
    has_candidate_ = order >= 0;
  }
  return has_baseline_ || has_candidate_;
}

bool RowPairs::content_changed() const {
  const std::string &before = baseline_.row.content, &after = candidate_.row.content;
  return has_baseline_ && has_candidate_ && !before.empty() && !after.empty() && before != after;
}

std::optional<MeasureColumn> MeasureColumn::find(const RunHeader& header,
                                                 const std::string& measure) {
  MeasureColumn column;
  for (; column.index_ < header.measures.size(); ++column.index_) {
    if (header.measures[column.index_].name != measure) continue;
    column.measure_ = header.measures[column.index_];
    return column;
  }
  if (measure != "error_rate" && measure != "coverage") return std::nullopt;
  column.measure_ = *find_builtin_measure(measure);
  column.from_ = measure == "coverage" ? From::coverage : From::error_rate;
  return column;
}

std::optional<double> MeasureColumn::value(const CaseRow& row) const {
  if (from_ == From::values)
    return index_ < row.values.size() ? row.values[index_] : std::optional<double>();
  if (row.samples == 0) return std::nullopt;
  const double failed = static_cast<double>(row.failed) / row.samples;
  return from_ == From::error_rate ? failed : 1.0 - failed;
}

std::optional<double> MeasureColumn::variance(const CaseRow& row) const {
  return from_ == From::values && index_ < row.variances.size() ? row.variances[index_]
                                                                : std::optional<double>();
}

std::optional<double> with_failures_as(double worst, const CaseRow& row,
                                       std::optional<double> value) {
  if (!value) return row.samples > 0 ? std::optional(worst) : std::nullopt;
  if (row.failed <= 0 || row.samples <= row.failed) return value;
  return (*value * (row.samples - row.failed) + worst * row.failed) / row.samples;
}

}  // namespace llmops
