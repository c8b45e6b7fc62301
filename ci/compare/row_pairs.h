#pragma once
// Two runs side by side, case by case.

#include <memory>

#include "evaluators/run_record.h"

namespace llmops {

// Merges two streams that are sorted by case id. Memory: one row of each.
class RowPairs {
 public:
  RowPairs(const RunSource& baseline, const RunSource& candidate);

  // Moves to the next case id of either run; false at the end of both.
  bool next();
  // The row of the present id, nullptr where the run lacks it. Valid until the next call.
  const CaseRow* baseline() const { return has_baseline_ ? &baseline_.row : nullptr; }
  const CaseRow* candidate() const { return has_candidate_ ? &candidate_.row : nullptr; }
  // Both runs have the id, but it names another question now.
  bool content_changed() const;
  // The same case in both runs.
  bool paired() const { return has_baseline_ && has_candidate_ && !content_changed(); }

 private:
  struct Side {
    std::unique_ptr<RowStream> stream;
    CaseRow row;
    bool ended = false;
    void advance() { ended = !stream->next(row); }
  };
  Side baseline_, candidate_;
  bool has_baseline_ = false, has_candidate_ = false;
};

// Reads one measure of a run's rows. `error_rate` and `coverage` of a run that does not list them
// follow from its failed samples.
class MeasureColumn {
 public:
  static std::optional<MeasureColumn> find(const RunHeader& header, const std::string& measure);
  std::optional<double> value(const CaseRow& row) const;
  std::optional<double> variance(const CaseRow& row) const;
  const Measure& measure() const { return measure_; }

 private:
  enum class From { values, error_rate, coverage };
  From from_ = From::values;
  std::size_t index_ = 0;
  Measure measure_;
};

// The value of `row` if every failed sample had scored `worst`; `value` is that of the samples that
// have a score. Absent only where nothing was asked.
std::optional<double> with_failures_as(double worst, const CaseRow& row,
                                       std::optional<double> value);

}  // namespace llmops
