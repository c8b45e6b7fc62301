#include "cli/columns.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <optional>
#include <span>

#include "datasets/formats/format.h"

namespace llmops {
namespace {

constexpr std::size_t kProblems = 100;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t from = text.find_first_not_of(kBlanks);
  return from == std::string_view::npos
             ? std::string_view()
             : text.substr(from, text.find_last_not_of(kBlanks) - from + 1);
}

// A cell: nothing, a number, or what is wrong with it.
struct Cell {
  std::optional<double> number;
  std::string problem;
};

Cell number_of_text(std::string_view text) {
  text = trimmed(text);
  if (text.empty()) return {};
  if (text == "true" || text == "True") return {.number = 1.0, .problem = ""};
  if (text == "false" || text == "False") return {.number = 0.0, .problem = ""};
  const std::string_view digits = text.substr(text.starts_with('+') ? 1 : 0);
  double number = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  const bool whole = read.ptr == digits.data() + digits.size();
  if (whole && read.ec == std::errc::result_out_of_range)
    return {.number = {}, .problem = fmt::format("`{}` is beyond the range of numbers", text)};
  if (!whole || read.ec != std::errc())
    return {.number = {}, .problem = fmt::format("`{}` is not a number", text)};
  if (!std::isfinite(number))
    return {.number = {}, .problem = fmt::format("`{}` is not a finite number", text)};
  return {.number = number, .problem = ""};
}

Cell number_of(const Value* value) {
  if (value == nullptr || value->is_null()) return {};
  if (value->is_number()) return {.number = value->number(), .problem = ""};
  if (value->boolean() != nullptr) return {.number = *value->boolean() ? 1.0 : 0.0, .problem = ""};
  if (value->string() != nullptr) return number_of_text(*value->string());
  return {.number = {}, .problem = fmt::format("a {} is not a number", value->kind())};
}

// Takes one row: the values under the asked columns; nullptr where the row has none.
using TakeRow = std::function<void(std::span<const Value* const> cells, const RecordReader& reader,
                                   Diagnostics& problems)>;

// Reads the file once; a column that no row has is a problem, unless there is no row at all.
Diagnostics read_rows(const std::filesystem::path& file, const std::string& format,
                      std::span<const std::string> columns, const TakeRow& take) {
  const Result<const FormatInfo*> info = find_format(file, format);
  if (!info) return info.problems();
  const Result<std::unique_ptr<RecordReader>> reader = (*info)->open(file);
  if (!reader) return reader.problems();
  Diagnostics problems;
  std::vector<std::string> known;
  std::vector<bool> seen(columns.size(), false);
  std::vector<const Value*> cells(columns.size());
  bool any = false;
  for (Record record; problems.size() < kProblems && (*reader)->next(record, problems);) {
    any = true;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      cells[i] = find_path(record.value, columns[i]);
      seen[i] = seen[i] || cells[i] != nullptr;
    }
    for (const Member& member : *record.value.object())
      if (known.size() < kProblems && std::ranges::find(known, member.key) == known.end())
        known.push_back(member.key);
    take(cells, **reader, problems);
  }
  if (!any || has_errors(problems)) return problems;
  const std::vector<std::string_view> views(known.begin(), known.end());
  for (std::size_t i = 0; i < columns.size(); ++i)
    if (!seen[i])
      problems.push_back(problem(fmt::format("{} has no column `{}`", file.string(), columns[i]),
                                 expected_one_of(views), did_you_mean(columns[i], views)));
  return problems;
}

// The number in a cell; a problem at its place where there is something else.
Cell checked(const Value* value, const std::string& column, const RecordReader& reader,
             Diagnostics& problems) {
  Cell cell = number_of(value);
  if (!cell.problem.empty())
    problems.push_back(reader.problem(column, fmt::format("column `{}`: {}", column, cell.problem),
                                      "expected a finite number, true, false or nothing"));
  return cell;
}

}  // namespace

Result<TwoColumns> read_two_columns(const std::filesystem::path& file, const std::string& format,
                                    const std::string& baseline, const std::string& candidate,
                                    bool paired) {
  TwoColumns both;
  const std::string columns[] = {baseline, candidate};
  std::optional<Diagnostic> alone;  // the first row with one value of the two
  Diagnostics problems = read_rows(
      file, format, columns,
      [&](std::span<const Value* const> cells, const RecordReader& reader, Diagnostics& found) {
        const Cell b = checked(cells[0], baseline, reader, found);
        const Cell c = checked(cells[1], candidate, reader, found);
        if (b.number) both.baseline.push_back(*b.number);
        if (c.number) both.candidate.push_back(*c.number);
        if (paired && !alone && b.number.has_value() != c.number.has_value() && b.problem.empty() &&
            c.problem.empty())
          alone = reader.problem(
              "",
              fmt::format("a value of `{}` without one of `{}`", b.number ? baseline : candidate,
                          b.number ? candidate : baseline),
              "expected both or neither: this test pairs them row by row",
              "`llmops stats welch-t` compares columns of different length");
      });
  if (alone && !has_errors(problems)) {
    alone->what += fmt::format(" ({} and {} values)", both.baseline.size(), both.candidate.size());
    problems.push_back(*std::move(alone));
  }
  if (has_errors(problems)) return problems;
  return {std::move(both), std::move(problems)};
}

Result<std::vector<Arm>> read_arms(const std::filesystem::path& file, const std::string& format,
                                   const std::string& arm, const std::string& outcome) {
  std::vector<Arm> arms;
  const std::string columns[] = {arm, outcome};
  Diagnostics problems = read_rows(
      file, format, columns,
      [&](std::span<const Value* const> cells, const RecordReader& reader, Diagnostics& found) {
        const Cell cell = checked(cells[1], outcome, reader, found);
        const std::string name =
            cells[0] == nullptr || cells[0]->is_null() ? "" : to_text(*cells[0]);
        if (name.empty() || !cell.number) return;
        auto at = std::ranges::find(arms, name, &Arm::name);
        if (at == arms.end()) at = arms.insert(arms.end(), {.name = name, .outcomes = {}});
        at->outcomes.push_back(*cell.number);
        if (arms.size() == kProblems)
          found.push_back(reader.problem(
              arm, fmt::format("column `{}` has {} different values", arm, arms.size()),
              "expected the names of a few arms"));
      });
  if (has_errors(problems)) return problems;
  return {std::move(arms), std::move(problems)};
}

}  // namespace llmops
