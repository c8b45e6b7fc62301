#include "prompts/lint/rubric.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cctype>
#include <charconv>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace llmops {
namespace {

constexpr RubricRule kEmpty{"rubric-empty", Severity::error, "a rubric has a text"};
constexpr RubricRule kGrade{"rubric-grade", Severity::warning,
                            "a rubric describes every grade of its scale"};
constexpr std::array kRules = {kEmpty, kGrade};

constexpr int kMostGrades = 11;  // 0 to 10: beyond that nobody describes each
constexpr std::array<std::string_view, 6> kWords = {"score",  "grade", "level",
                                                    "rating", "point", "mark"};

void drop(std::string_view& line, std::string_view characters) {
  const std::size_t at = line.find_first_not_of(characters);
  line.remove_prefix(at == std::string_view::npos ? line.size() : at);
}

void drop_word(std::string_view& line) {
  std::string lower;
  for (const char c : line.substr(0, 8))
    lower += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (const std::string_view word : kWords) {
    if (!lower.starts_with(word)) continue;
    line.remove_prefix(word.size());
    drop(line, "s :*`\"'(#");
    return;
  }
}

std::optional<int> take_number(std::string_view& line) {
  int number = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), number);
  if (error != std::errc{}) return std::nullopt;
  line.remove_prefix(static_cast<std::size_t>(end - line.data()));
  return number;
}

// Marks of Markdown; a dash before a digit belongs to the number.
void drop_marks(std::string_view& line) {
  drop(line, " \t#>*+|`\"'([");
  while (line.starts_with('-') &&
         (line.size() < 2 || std::isdigit(static_cast<unsigned char>(line[1])) == 0)) {
    line.remove_prefix(1);
    drop(line, " \t#>*+|`\"'([");
  }
}

// The grades that a line begins with: one, or a band of them.
std::optional<std::pair<int, int>> grades_of(std::string_view line) {
  drop_marks(line);
  drop_word(line);
  const auto first = take_number(line);
  if (!first) return std::nullopt;
  drop(line, " ");
  for (const std::string_view dash : {"-", "\xE2\x80\x93", "to ", ".."}) {
    if (!line.starts_with(dash)) continue;
    std::string_view rest = line.substr(dash.size());
    drop(rest, " ");
    if (const auto last = take_number(rest); last && *last >= *first)
      return std::pair(*first, *last);
  }
  return std::pair(*first, *first);
}

std::set<int> described(const Source& rubric, int low, int high) {
  std::set<int> grades;
  const std::size_t lines = rubric.mark_of(rubric.text().size()).line;
  for (std::size_t number = 1; number <= lines; ++number) {
    const auto found = grades_of(rubric.line(number));
    if (!found) continue;
    for (int grade = std::max(low, found->first); grade <= std::min(high, found->second); ++grade)
      grades.insert(grade);
  }
  return grades;
}

Diagnostic finding(const RubricRule& rule, const Source& rubric, std::string what,
                   std::string help) {
  Diagnostic found = problem(std::move(what), "", std::move(help));
  found.severity = rule.severity;
  found.file = rubric.file();
  found.rule = rule.id;
  return found;
}

}  // namespace

std::span<const RubricRule> rubric_rules() { return kRules; }

Diagnostics lint_rubric(const Source& rubric, int low, int high) {
  if (rubric.text().find_first_not_of(" \t\r\n") == std::string::npos)
    return {finding(kEmpty, rubric, "the rubric is empty",
                    "say what is judged, and what each grade means")};
  const std::set<int> there = described(rubric, low, high);
  std::vector<int> missing;
  const bool each = high - low < kMostGrades;
  for (int grade = low; grade <= high; grade += each || high == low ? 1 : high - low)
    if (!there.contains(grade)) missing.push_back(grade);
  if (missing.empty()) return {};
  return {finding(kGrade, rubric,
                  fmt::format("the scale goes from {} to {}, and nothing says what {} mean{}", low,
                              high, fmt::join(missing, ", "), missing.size() == 1 ? "s" : ""),
                  fmt::format("write a line for each, such as `{}: ...`: a judge that guesses what "
                              "a grade means judges differently each time",
                              missing.front()))};
}

}  // namespace llmops
