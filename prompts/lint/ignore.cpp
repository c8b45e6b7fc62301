#include "prompts/lint/ignore.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "datasets/text/utf8.h"
#include "prompts/lint/lint.h"

namespace llmops {
namespace {

std::size_t indentation(std::string_view line) {
  const std::size_t at = line.find_first_not_of(' ');
  return at == std::string_view::npos ? line.size() : at;
}

bool blank(std::string_view line) {
  return line.find_first_not_of(" \t") == std::string_view::npos;
}

// The last line of what starts on `first`: the lines behind it that are indented deeper.
std::size_t end_of_entry(const Source& source, std::size_t first, std::size_t lines) {
  const std::size_t depth = indentation(source.line(first));
  std::size_t last = first;
  for (std::size_t line = first + 1; line <= lines; ++line) {
    const std::string_view text = source.line(line);
    if (blank(text)) continue;
    if (indentation(text) <= depth) break;
    last = line;
  }
  return last;
}

bool word_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_';
}

}  // namespace

bool Ignores::covers(std::string_view rule, std::size_t line) const {
  return std::ranges::any_of(ranges, [&](const Range& range) {
    return range.rule == rule && line >= range.first && line <= range.last;
  });
}

Ignores read_ignores(const Source& source) {
  constexpr std::string_view kWord = "llmops: ignore";
  Ignores found;
  const std::size_t lines = source.mark_of(source.text().size()).line;
  for (std::size_t number = 1; number <= lines; ++number) {
    const std::string_view line = source.line(number);
    const std::size_t at = line.find(kWord);
    const std::size_t hash = at == std::string_view::npos ? at : line.rfind('#', at);
    if (hash == std::string_view::npos || !blank(line.substr(hash + 1, at - hash - 1))) continue;
    std::string_view rest = line.substr(at + kWord.size());
    const bool whole_file = rest.starts_with("-file");
    if (whole_file) rest.remove_prefix(5);

    // A comment that stands alone speaks of the next line.
    const std::string_view before = line.substr(0, hash);
    const bool alone =
        blank(before) || (before.ends_with('{') && blank(before.substr(0, before.size() - 1)));
    const std::size_t first = whole_file ? 0 : alone ? number + 1 : number;
    const std::size_t last =
        whole_file ? std::numeric_limits<std::size_t>::max() : end_of_entry(source, first, lines);
    while (!rest.empty()) {
      const auto start = std::ranges::find_if(rest, word_character);
      const auto stop = std::find_if_not(start, rest.end(), word_character);
      const std::string rule(start, stop);
      if (rule.empty()) break;
      if (find_lint_rule(rule) == nullptr) {
        std::vector<std::string_view> known;
        for (const LintRule* each : lint_rules()) known.push_back(each->id);
        const std::size_t byte = static_cast<std::size_t>(&*start - line.data());
        const auto column = static_cast<std::uint32_t>(code_points(line.substr(0, byte)) + 1);
        Diagnostic problem =
            source.problem({static_cast<std::uint32_t>(number), column},
                           fmt::format("there is no rule `{}`", rule), expected_one_of(known),
                           did_you_mean(rule, known), rule.size());
        problem.severity = Severity::warning;
        found.problems.push_back(std::move(problem));
      } else {
        found.ranges.push_back({rule, first, last});
      }
      rest.remove_prefix(static_cast<std::size_t>(stop - rest.begin()));
      if (!rest.empty() && rest.front() != ',' && rest.front() != ' ') break;
      const std::size_t next = rest.find_first_not_of(", ");
      if (next == std::string_view::npos || !word_character(rest[next])) break;
    }
  }
  return found;
}

}  // namespace llmops
