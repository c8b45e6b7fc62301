// CSV and TSV with a header line: its cells name the columns, every cell is a text.
#include "datasets/text/csv.h"

#include <fmt/format.h>

#include <algorithm>

#include "datasets/formats/format.h"
#include "datasets/text/utf8.h"

namespace llmops {
namespace {

class CsvRecords final : public RecordReader {
 public:
  CsvRecords(std::unique_ptr<ByteReader> bytes, char separator)
      : csv_(std::move(bytes), separator) {}

  bool next(Record& record, Diagnostics& problems) override {
    if (!headed_ && !read_header(problems)) return false;
    while (csv_.next(cells_, problems)) {
      if (cells_.size() == columns_.size()) {
        Object members;
        members.reserve(cells_.size());
        for (std::size_t i = 0; i < cells_.size(); ++i)
          members.add(columns_[i], Value(cells_[i].text));
        record.value = std::move(members);
        record.line = csv_.start().line;
        return true;
      }
      problems.push_back(wrong_number());
    }
    return false;
  }

  Diagnostic problem(std::string_view path, std::string what, std::string expected,
                     std::string help) const override {
    const auto column = std::ranges::find(columns_, path);
    if (column == columns_.end())
      return csv_.problem(csv_.start(), std::move(what), std::move(expected), std::move(help));
    const CsvCell& cell = cells_[static_cast<std::size_t>(column - columns_.begin())];
    const std::string_view first_line = std::string_view(cell.text).substr(0, cell.text.find('\n'));
    return csv_.problem(cell.mark, std::move(what), std::move(expected), std::move(help),
                        std::max<std::size_t>(1, code_points(first_line)));
  }

 private:
  bool read_header(Diagnostics& problems) {
    headed_ = true;
    const std::size_t before = problems.size();
    if (!csv_.next(cells_, problems)) return false;
    if (problems.size() > before) return false;  // a later line would be taken for the header
    for (const CsvCell& cell : cells_) {
      if (cell.text.empty())
        problems.push_back(csv_.problem(cell.mark, "a column without a name",
                                        "expected a name in the header line"));
      else if (std::ranges::find(columns_, cell.text) != columns_.end())
        problems.push_back(
            csv_.problem(cell.mark, fmt::format("column `{}` stands here a second time", cell.text),
                         "", "give each column a name of its own", code_points(cell.text)));
      columns_.push_back(cell.text);
    }
    if (columns_.size() == 1 && columns_[0].find_first_of(";\t,") != std::string::npos) {
      Diagnostic odd = csv_.problem(
          cells_[0].mark, fmt::format("only one column, named `{}`", columns_[0]), "",
          "is the file separated in another way? `format: csv` takes commas, `format: tsv` tabs",
          code_points(columns_[0]));
      odd.severity = Severity::warning;
      problems.push_back(std::move(odd));
    }
    return true;
  }

  Diagnostic wrong_number() const {
    const std::size_t wanted = columns_.size();
    const bool many = cells_.size() > wanted;
    return csv_.problem(many ? cells_[wanted].mark : csv_.end(),
                        fmt::format("{} cell{} in a record of {} column{}", cells_.size(), cells_.size() == 1 ? "" : "s", wanted,
                                    wanted == 1 ? "" : "s"),
                        many ? "expected the end of the line"
                             : fmt::format("expected a cell for `{}`", columns_[cells_.size()]),
                        many ? "a cell with a separator inside stands in quotes" : "");
  }

  CsvReader csv_;
  std::vector<CsvCell> cells_;
  std::vector<std::string> columns_;
  bool headed_ = false;
};

Result<std::unique_ptr<RecordReader>> open_with(const std::filesystem::path& path, char separator) {
  Result<std::unique_ptr<ByteReader>> bytes = ByteReader::open(path);
  if (!bytes) return bytes.problems();
  return std::unique_ptr<RecordReader>(std::make_unique<CsvRecords>(*std::move(bytes), separator));
}

Result<std::unique_ptr<RecordReader>> open_csv(const std::filesystem::path& path) {
  return open_with(path, ',');
}
Result<std::unique_ptr<RecordReader>> open_tsv(const std::filesystem::path& path) {
  return open_with(path, '\t');
}

constexpr std::string_view kCsvExtensions[] = {".csv"};
constexpr std::string_view kTsvExtensions[] = {".tsv", ".tab"};

}  // namespace

extern const FormatInfo kCsv;
constexpr FormatInfo kCsv{
    .name = "csv",
    .extensions = kCsvExtensions,
    .summary = "comma-separated cells under a header line (RFC 4180)",
    .open = &open_csv,
};

extern const FormatInfo kTsv;
constexpr FormatInfo kTsv{
    .name = "tsv",
    .extensions = kTsvExtensions,
    .summary = "the same with tabs",
    .open = &open_tsv,
};

}  // namespace llmops
