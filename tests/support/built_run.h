#pragma once
// A run made case by case, for tests of comparisons.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "evaluators/run_record.h"

namespace llmops::test {

Measure binary_measure(std::string name);
Measure bounded_measure(std::string name, double low = 0, double high = 1);
Measure positive_measure(std::string name, std::string unit = "tokens");

class BuiltRun : public RunSource {
 public:
  explicit BuiltRun(std::vector<Measure> measures, std::string id = "run");

  // Rows may come in any order; each call returns the row for further changes.
  CaseRow& add(std::string id, std::vector<std::optional<double>> values);
  RunHeader& change_header() { return header_; }
  std::vector<CaseRow>& change_rows() { return rows_; }

  const RunHeader& header() const override { return header_; }
  std::unique_ptr<RowStream> rows() const override;

 private:
  RunHeader header_;
  std::vector<CaseRow> rows_;
};

}  // namespace llmops::test
