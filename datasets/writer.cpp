#include "datasets/writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <unordered_set>

#include "datasets/formats/format.h"
#include "datasets/text/files.h"
#include "datasets/text/json.h"

namespace llmops {
namespace {

bool is_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size();
}

// What a row gives for a column; nullptr: nothing.
const Value* cell_of(const Case& row, const std::string& column, bool with_id, Value& id) {
  const Value* found = row.variables.find(column);
  if (found != nullptr || !with_id || column != "id") return found;
  id = Value(row.id);
  return &id;
}

class RowWriter {
 public:
  RowWriter(std::FILE* file, std::string_view format, std::vector<std::string> columns,
            const WriteOptions& options)
      : file_(file),
        format_(format),
        separator_(format == "tsv" ? '\t' : ','),
        columns_(std::move(columns)),
        options_(options) {
    if (format_ == "json") write_all(file_, "[");
    if (!tabular()) return;
    std::string line;
    for (const std::string& column : columns_) add_cell(column, line);
    end_line(line);
  }

  void write(const Case& row) {
    std::string line;
    if (tabular()) {
      for (const std::string& column : columns_) {
        Value id;
        const Value* value = cell_of(row, column, options_.with_id, id);
        add_cell(value == nullptr ? "" : to_text(*value), line);
      }
      end_line(line);
      return;
    }
    Object members;
    for (const std::string& column : columns_) {
      Value id;
      if (const Value* value = cell_of(row, column, options_.with_id, id))
        members.add(column, *value);
    }
    if (format_ == "json") line = first_ ? "\n" : ",\n";
    first_ = false;
    dump_json(members, line);
    if (format_ == "jsonl") line += '\n';
    write_all(file_, line);
  }

  void finish() {
    if (format_ == "json") write_all(file_, first_ ? "]\n" : "\n]\n");
  }

 private:
  bool tabular() const { return format_ == "csv" || format_ == "tsv"; }
  void add_cell(std::string_view text, std::string& line) {
    line += csv_cell(text, separator_, options_.escape_formulas);
    line += separator_;
  }
  void end_line(std::string& line) {
    if (line == std::string(1, separator_))
      line.insert(0, "\"\"");  // one empty cell alone would be a blank line
    line.back() = '\n';
    write_all(file_, line);
  }

  std::FILE* file_;
  std::string_view format_;
  char separator_;
  std::vector<std::string> columns_;
  const WriteOptions& options_;
  bool first_ = true;
};

}  // namespace

std::string csv_cell(std::string_view text, char separator, bool escape_formulas) {
  std::string cell(text);
  if (escape_formulas && !text.empty() &&
      std::string_view("=+-@\t\r").find(text.front()) != std::string_view::npos && !is_number(text))
    cell.insert(0, 1, '\'');
  const bool quote = cell.find_first_of("\"\n\r") != std::string::npos ||
                     cell.find(separator) != std::string::npos || cell.starts_with(' ') ||
                     cell.ends_with(' ');
  if (!quote) return cell;
  std::string quoted = "\"";
  for (const char c : cell) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + '"';
}

Result<std::size_t> write_dataset(
    const Dataset& dataset, const std::filesystem::path& path, const WriteOptions& options,
    const std::function<bool(std::uint64_t number, const Case& row)>& keep) {
  const Result<const FormatInfo*> format = find_format(path, options.format);
  if (!format) return format.problems();
  const std::string_view name = (*format)->name;
  constexpr std::string_view kWritten[] = {"csv", "json", "jsonl", "tsv"};
  if (std::ranges::find(kWritten, name) == std::end(kWritten))
    return problem(fmt::format("`{}` cannot be written", name), expected_one_of(kWritten));
  if (path.extension() == ".gz")
    return problem(fmt::format("{}: gzip cannot be written", path.string()), "",
                   "write it plain, then `gzip` it");

  std::vector<std::string> columns =
      options.columns.empty() ? dataset.info().columns : options.columns;
  if (options.with_id && std::ranges::find(columns, "id") == columns.end())
    columns.insert(columns.begin(), "id");
  std::size_t written = 0;
  write_atomically(path, [&](std::FILE* file) {
    RowWriter writer(file, name, std::move(columns), options);
    Case row;
    std::uint64_t number = 0;
    for (const auto stream = dataset.cases(); stream->next(row); ++number) {
      if (keep && !keep(number, row)) continue;
      writer.write(row);
      ++written;
    }
    writer.finish();
  });
  return written;
}

}  // namespace llmops
