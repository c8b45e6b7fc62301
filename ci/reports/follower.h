#pragma once
#include <memory>
#include <string>

#include "evaluators/run_record.h"

namespace llmops {

// The rows of a second run beside those of a first: both streams are sorted by id.
class Follower {
 public:
  explicit Follower(const RunSource* run) {
    if (run == nullptr) return;
    rows_ = run->rows();
    there_ = rows_->next(row_);
  }
  // The row of this id, nullptr where there is none; ids are asked for in their order.
  const CaseRow* at(const std::string& id) {
    while (there_ && row_.id < id) there_ = rows_->next(row_);
    return there_ && row_.id == id ? &row_ : nullptr;
  }

 private:
  std::unique_ptr<RowStream> rows_;
  CaseRow row_;
  bool there_ = false;
};

// Where `run` keeps each measure of `measures`; absent: it has none of that name.
inline std::vector<std::optional<std::size_t>> columns_in(const RunSource* run,
                                                          const std::vector<Measure>& measures) {
  std::vector<std::optional<std::size_t>> columns(measures.size());
  if (run == nullptr) return columns;
  const std::vector<Measure>& theirs = run->header().measures;
  for (std::size_t i = 0; i < measures.size(); ++i)
    for (std::size_t j = 0; j < theirs.size(); ++j)
      if (theirs[j].name == measures[i].name) columns[i] = j;
  return columns;
}

}  // namespace llmops
