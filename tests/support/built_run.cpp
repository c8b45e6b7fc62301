#include "tests/support/built_run.h"

#include <algorithm>
#include <limits>

namespace llmops::test {
namespace {

Measure measure(std::string name, ScoreKind kind, Range range, Better better, std::string unit) {
  Measure made;
  made.signature = name + "|version:1";
  made.name = std::move(name);
  made.kind = kind;
  made.range = range;
  made.better = better;
  made.unit = std::move(unit);
  return made;
}

class BuiltRows : public RowStream {
 public:
  explicit BuiltRows(std::vector<CaseRow> rows) : rows_(std::move(rows)) {
    std::ranges::sort(rows_, {}, &CaseRow::id);
  }
  bool next(CaseRow& row) override {
    if (at_ == rows_.size()) return false;
    row = rows_[at_++];
    return true;
  }

 private:
  std::vector<CaseRow> rows_;
  std::size_t at_ = 0;
};

}  // namespace

Measure binary_measure(std::string name) {
  return measure(std::move(name), ScoreKind::binary, {0, 1}, Better::higher, "");
}

Measure bounded_measure(std::string name, double low, double high) {
  return measure(std::move(name), ScoreKind::bounded, {low, high}, Better::higher, "");
}

Measure positive_measure(std::string name, std::string unit) {
  return measure(std::move(name), ScoreKind::positive, {0, std::numeric_limits<double>::infinity()},
                 Better::lower, std::move(unit));
}

BuiltRun::BuiltRun(std::vector<Measure> measures, std::string id) {
  header_.id = std::move(id);
  header_.measures = std::move(measures);
}

CaseRow& BuiltRun::add(std::string id, std::vector<std::optional<double>> values) {
  CaseRow& row = rows_.emplace_back();
  row.id = std::move(id);
  row.samples = 1;
  row.values = std::move(values);
  row.variances.resize(row.values.size());
  return row;
}

std::unique_ptr<RowStream> BuiltRun::rows() const { return std::make_unique<BuiltRows>(rows_); }

}  // namespace llmops::test
