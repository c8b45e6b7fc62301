#include "evaluators/load/trace_file.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <chrono>
#include <cmath>
#include <initializer_list>
#include <optional>

#include "datasets/dataset.h"

namespace llmops {
namespace {

std::optional<double> number(const Value* value) {
  if (value == nullptr) return std::nullopt;
  if (value->is_number()) return value->number();
  const std::string* text = value->string();
  if (text == nullptr) return std::nullopt;
  double read = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), read);
  if (error != std::errc() || end != text->data() + text->size() || !std::isfinite(read))
    return std::nullopt;
  return read;
}

// The column of that name in any case.
const Value* column(const Case& row, std::string_view name) {
  if (const Value* exact = row.variables.find(name)) return exact;
  for (const Member& member : row.variables)
    if (std::ranges::equal(member.key, name, [](char a, char b) {
          return std::tolower(static_cast<unsigned char>(a)) ==
                 std::tolower(static_cast<unsigned char>(b));
        }))
      return &member.value;
  return nullptr;
}

std::optional<double> first_of(const Case& row, std::initializer_list<const char*> columns) {
  for (const char* name : columns)
    if (const auto found = number(column(row, name))) return found;
  return std::nullopt;
}

// So many digits from `at` on, which moves behind them.
std::optional<int> digits(std::string_view text, std::size_t& at, std::size_t count) {
  if (text.size() < at + count) return std::nullopt;
  int value = 0;
  for (const char c : text.substr(at, count)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = 10 * value + (c - '0');
  }
  at += count;
  return value;
}

bool skip(std::string_view text, std::size_t& at, std::string_view any_of) {
  if (at >= text.size() || any_of.find(text[at]) == std::string_view::npos) return false;
  ++at;
  return true;
}

// "Z", "+02:00", "-0530", or nothing: minutes east of Greenwich.
std::optional<int> zone(std::string_view text, std::size_t at) {
  if (at == text.size() || (skip(text, at, "Zz") && at == text.size())) return 0;
  const bool west = at < text.size() && text[at] == '-';
  if (!skip(text, at, "+-")) return std::nullopt;
  const auto hours = digits(text, at, 2);
  skip(text, at, ":");
  const auto minutes = at == text.size() ? std::optional(0) : digits(text, at, 2);
  if (!hours || !minutes || at != text.size() || *hours > 23 || *minutes > 59) return std::nullopt;
  return (west ? -1 : 1) * (60 * *hours + *minutes);
}

std::int64_t tokens(const std::optional<double>& value) {
  return value && *value >= 1 && *value <= 1e7 ? static_cast<std::int64_t>(*value) : 0;
}

}  // namespace

std::optional<double> date_seconds(std::string_view text) {
  using namespace std::chrono;
  std::size_t at = 0;
  const auto y = digits(text, at, 4);
  if (!y || !skip(text, at, "-")) return std::nullopt;
  const auto m = digits(text, at, 2);
  if (!m || !skip(text, at, "-")) return std::nullopt;
  const auto d = digits(text, at, 2);
  if (!d || !skip(text, at, "Tt ")) return std::nullopt;
  const auto h = digits(text, at, 2);
  if (!h || !skip(text, at, ":")) return std::nullopt;
  const auto min = digits(text, at, 2);
  if (!min || !skip(text, at, ":")) return std::nullopt;
  const auto s = digits(text, at, 2);
  if (!s || *h > 23 || *min > 59 || *s > 60) return std::nullopt;
  double fraction = 0;
  if (skip(text, at, "."))
    for (double place = 0.1; at < text.size() && text[at] >= '0' && text[at] <= '9'; place /= 10)
      fraction += place * (text[at++] - '0');
  const auto east = zone(text, at);
  const year_month_day date{year(*y), month(static_cast<unsigned>(*m)),
                            day(static_cast<unsigned>(*d))};
  if (!east || !date.ok()) return std::nullopt;
  const auto days = sys_days(date) - sys_days(2020y / 1 / 1);
  return static_cast<double>(days.count()) * 86400 + 3600.0 * *h + 60.0 * (*min - *east) + *s +
         fraction;
}

Result<Trace> read_trace(const std::filesystem::path& file, const TraceOptions& options) {
  Trace trace;
  bool any_length = false, dates = false;
  // A file has either: numbers and dates have no common beginning.
  const auto time_of = [&](const Case& row) -> std::optional<double> {
    for (const char* name : {"timestamp", "t", "arrived_at"}) {
      const Value* found = column(row, name);
      if (found == nullptr) continue;
      const bool first = trace.times_s.empty();
      if (const auto plain = number(found); plain && (first || !dates)) return plain;
      const std::string* text = found->string();
      const auto date = text == nullptr ? std::nullopt : date_seconds(*text);
      if (!date || !(first || dates)) continue;
      dates = true;
      return date;
    }
    return std::nullopt;
  };
  const auto add = [&](const Case& row, Diagnostics& found) {
    const auto time = time_of(row);
    if (!time || (!trace.times_s.empty() && *time < trace.times_s.back())) {
      Diagnostic each =
          problem(time ? "the time lies before that of the record above" : "the record has no time",
                  "expected a column `timestamp` with ascending numbers or dates");
      each.file = file.string();
      each.line = row.line;
      found.push_back(std::move(each));
      return;
    }
    trace.times_s.push_back(*time);
    const WishedLengths wished{
        tokens(first_of(row, {"input_length", "input_tokens", "ContextTokens", "Request tokens"})),
        tokens(first_of(row,
                        {"output_length", "output_tokens", "GeneratedTokens", "Response tokens"}))};
    any_length = any_length || wished.input > 0 || wished.output > 0;
    trace.lengths.push_back(wished);
  };
  const Result<Dataset> dataset = Dataset::open({.path = file}, add);
  if (!dataset) return dataset.problems();
  if (trace.times_s.empty())
    return problem(file.string() + " holds no record", "expected at least one arrival");
  const double first = trace.times_s.front();
  for (double& time : trace.times_s)
    time = (time - first) * (dates ? 1 : options.unit_s) / options.speed;
  if (!any_length) trace.lengths.clear();
  return trace;
}

}  // namespace llmops
