#include "datasets/text/diagnostic.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>

#include "datasets/text/edit_distance.h"
#include "datasets/text/utf8.h"

namespace llmops {

std::string_view name(Severity severity) {
  switch (severity) {
    case Severity::error:
      return "error";
    case Severity::warning:
      return "warning";
    case Severity::note:
      break;
  }
  return "note";
}

Diagnostic problem(std::string what, std::string expected, std::string help) {
  return {.file = "",
          .what = std::move(what),
          .expected = std::move(expected),
          .help = std::move(help)};
}

bool has_errors(const Diagnostics& found) {
  return std::any_of(found.begin(), found.end(),
                     [](const Diagnostic& d) { return d.severity == Severity::error; });
}

void append(Diagnostics& to, Diagnostics more) {
  std::move(more.begin(), more.end(), std::back_inserter(to));
}

namespace {

// The source line and the caret under the place. A long line is shown around the place only. What
// makes characters visible or wide moves the caret along.
void append_excerpt(const Diagnostic& found, std::string& out) {
  constexpr std::size_t kBefore = 60;
  constexpr std::size_t kLongest = 160;
  const std::size_t column = std::max<std::size_t>(found.column, 1) - 1;
  const std::size_t from =
      column > kBefore && code_points(found.line_text) > kLongest ? column - kBefore : 0;
  const std::string before = code_point_slice(found.line_text, from, column - from);
  const std::string after =
      code_point_slice(found.line_text, column, kLongest - (column - from) + 1);
  const bool cut = code_points(after) > kLongest - (column - from);
  const std::string shown = visible(code_point_slice(after, 0, kLongest - (column - from)));
  const std::string lead = (from > 0 ? "…" : "") + visible(before);
  const std::string number = std::to_string(found.line);
  out += fmt::format(" {} | {}{}{}\n", number, lead, shown, cut ? "…" : "");
  if (found.column == 0) return;
  const std::size_t under = terminal_columns(visible(code_point_slice(after, 0, found.width)));
  out += fmt::format(" {:{}} | {:{}}{}", "", number.size(), "", terminal_columns(lead),
                     std::string(std::clamp<std::size_t>(under, 1, kLongest), '^'));
  if (!found.expected.empty()) out += ' ' + visible(found.expected);
  out += '\n';
}

}  // namespace

std::string render(const Diagnostic& found) {
  std::string out;
  if (!found.file.empty()) {
    out += visible(found.file);
    if (found.line > 0) out += fmt::format(":{}", found.line);
    if (found.line > 0 && found.column > 0) out += fmt::format(":{}", found.column);
    out += ": ";
  }
  out += fmt::format("{}: {}", name(found.severity), visible(found.what));
  if (!found.rule.empty()) out += fmt::format(" [{}]", found.rule);
  out += '\n';

  const bool excerpt = found.line > 0 && !found.line_text.empty();
  if (excerpt) append_excerpt(found, out);
  if (!found.expected.empty() && !(excerpt && found.column > 0))
    out += fmt::format("  = {}\n", visible(found.expected));
  if (!found.help.empty()) out += fmt::format("  = help: {}\n", visible(found.help));
  return out;
}

std::string render(const Diagnostics& found) {
  std::string out;
  for (const Diagnostic& each : found) out += render(each);
  return out;
}

Value to_value(const Diagnostic& found) {
  Object fields;
  fields.add("severity", name(found.severity));
  if (!found.file.empty()) fields.add("file", found.file);
  if (found.line > 0) fields.add("line", static_cast<std::int64_t>(found.line));
  if (found.column > 0) fields.add("column", static_cast<std::int64_t>(found.column));
  fields.add("what", found.what);
  if (!found.expected.empty()) fields.add("expected", found.expected);
  if (!found.help.empty()) fields.add("help", found.help);
  if (!found.rule.empty()) fields.add("rule", found.rule);
  return fields;
}

std::string did_you_mean(std::string_view given, std::span<const std::string_view> choices) {
  std::string_view nearest;
  std::size_t best = 3;
  for (const std::string_view choice : choices) {
    // A name of two letters is within distance 2 of everything: half of it must stay.
    const std::size_t distance = edit_distance(given, choice);
    if (distance < best && 2 * distance <= std::max(given.size(), choice.size())) {
      best = distance;
      nearest = choice;
    }
  }
  return nearest.empty() ? "" : fmt::format("did you mean `{}`?", nearest);
}

std::string expected_one_of(std::span<const std::string_view> choices) {
  std::vector<std::string_view> sorted(choices.begin(), choices.end());
  std::ranges::sort(sorted);
  return fmt::format("expected one of: {}", fmt::join(sorted, ", "));
}

}  // namespace llmops
