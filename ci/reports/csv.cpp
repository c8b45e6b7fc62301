// One row a case: its scores, the baseline's where that run's rows are there, and the outputs.
// RFC 4180 with a header; an empty cell is "not measured".
#include <fmt/format.h>

#include <cmath>

#include "ci/reports/escape.h"
#include "ci/reports/follower.h"
#include "ci/reports/report.h"
#include "ci/reports/worst_cases.h"
#include "datasets/text/files.h"

namespace llmops {
namespace {

std::string number(std::optional<double> value) {
  return value && std::isfinite(*value) ? fmt::format("{}", *value) : "";
}

std::string tags_of(const CaseRow& row) {
  std::string text;
  for (const Tag& tag : row.tags)
    text += (text.empty() ? "" : "; ") + tag.key + (tag.value == "true" ? "" : "=" + tag.value);
  return text;
}

void write(const ReportInput& input, std::FILE* out) {
  const std::vector<Measure>& measures = input.rows.header().measures;
  const std::vector<std::optional<std::size_t>> theirs = columns_in(input.baseline_rows, measures);

  std::string line = "case_id,samples,failed,group,tags";
  for (std::size_t i = 0; i < measures.size(); ++i) {
    line += "," + csv_text(measures[i].name);
    if (theirs[i]) line += "," + csv_text("baseline." + measures[i].name);
  }
  if (input.outputs != nullptr) line += ",output";
  if (input.baseline_outputs != nullptr) line += ",baseline_output";
  write_all(out, line + "\r\n");

  Follower baseline(input.baseline_rows);
  CaseRow row;
  for (const auto rows = input.rows.rows(); rows->next(row);) {
    const CaseRow* old = baseline.at(row.id);
    line = fmt::format("{},{},{},{},{}", csv_text(row.id), row.samples, row.failed,
                       csv_text(row.group), csv_text(tags_of(row)));
    for (std::size_t i = 0; i < measures.size(); ++i) {
      line += "," + (i < row.values.size() ? number(row.values[i]) : "");
      if (!theirs[i]) continue;
      line += ",";
      if (old != nullptr && *theirs[i] < old->values.size())
        line += number(old->values[*theirs[i]]);
    }
    if (input.outputs != nullptr)
      line += "," + csv_text(output_text(input.outputs, row.id).value_or(""));
    if (input.baseline_outputs != nullptr)
      line += "," + csv_text(output_text(input.baseline_outputs, row.id).value_or(""));
    write_all(out, line + "\r\n");
  }
}

}  // namespace

extern const ReportInfo kCsvReport;
constexpr ReportInfo kCsvReport{
    .name = "csv",
    .extension = ".csv",
    .summary = "one row a case, for spreadsheets",
    .write = &write,
};

}  // namespace llmops
