#include "datasets/text/fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "datasets/text/json.h"
#include "datasets/text/utf8.h"

namespace llmops {
namespace {

std::string shown(const Value& value) {
  std::string text = dump_json(value);
  if (text.size() > 40) text = code_point_slice(text, 0, 40) + "…";
  return text;
}

}  // namespace

Fields::Fields(const Value& value, const Source& source, Diagnostics& problems, std::string_view what)
    : value_(value), source_(source), problems_(problems), what_(what) {
  if (!value.is_object())
    error(value.mark(), fmt::format("{} is {}", what_, value.is_null() ? "empty" : "a " + std::string(value.kind())),
          "expected a mapping of keys to values");
}

bool Fields::has(std::string_view key) const { return value_.find(key) != nullptr; }

const Value* Fields::take(std::string_view key) {
  if (std::ranges::find(known_, key) == known_.end()) known_.push_back(key);
  const Value* found = value_.find(key);
  return found == nullptr || found->is_null() ? nullptr : found;
}

void Fields::wrong_kind(std::string_view key, const Value& value, std::string_view expected) {
  error(value.mark(), fmt::format("`{}` is {}", key, shown(value)), fmt::format("expected {}", expected), "",
        code_points(to_text(value)));
}

std::optional<std::string> Fields::text(std::string_view key) {
  const Value* found = take(key);
  if (found == nullptr) return std::nullopt;
  if (const std::string* text = found->string()) return *text;
  if (found->is_number()) return to_text(*found);  // version: 1, name: 7
  wrong_kind(key, *found, "a text");
  return std::nullopt;
}

std::string Fields::required_text(std::string_view key) {
  if (take(key) == nullptr) {
    missing(key);
    return "";
  }
  return text(key).value_or("");
}

std::optional<double> Fields::number(std::string_view key, Bounds bounds) {
  const Value* found = take(key);
  if (found == nullptr) return std::nullopt;
  if (!found->is_number()) {
    wrong_kind(key, *found, "a number");
    return std::nullopt;
  }
  const double number = found->number();
  if (number < bounds.low || number > bounds.high) {
    const std::string expected =
        std::isinf(bounds.high)  ? fmt::format("a number of at least {}", bounds.low)
        : std::isinf(bounds.low) ? fmt::format("a number of at most {}", bounds.high)
                                 : fmt::format("a number from {} to {}", bounds.low, bounds.high);
    wrong_kind(key, *found, expected);
    return std::nullopt;
  }
  return number;
}

std::optional<std::int64_t> Fields::integer(std::string_view key, Bounds bounds) {
  const Value* found = take(key);
  if (found != nullptr && !found->is_integer()) {
    wrong_kind(key, *found, "a whole number");
    return std::nullopt;
  }
  if (!number(key, bounds)) return std::nullopt;
  return *found->integer();
}

std::optional<bool> Fields::boolean(std::string_view key) {
  const Value* found = take(key);
  if (found == nullptr) return std::nullopt;
  if (const bool* truth = found->boolean()) return *truth;
  wrong_kind(key, *found, "true or false");
  return std::nullopt;
}

std::optional<std::chrono::nanoseconds> Fields::duration(std::string_view key) {
  const Value* found = take(key);
  if (found == nullptr) return std::nullopt;
  if (found->is_string() || found->is_number())
    if (const auto duration = parse_duration(to_text(*found))) return duration;
  wrong_kind(key, *found, "a duration such as 30s, 200ms or 5m");
  return std::nullopt;
}

std::optional<std::string> Fields::one_of(std::string_view key, std::span<const std::string_view> choices) {
  std::optional<std::string> given = text(key);
  if (!given || std::ranges::find(choices, *given) != choices.end()) return given;
  error(mark(key), fmt::format("`{}` is `{}`", key, *given), expected_one_of(choices), did_you_mean(*given, choices),
        code_points(*given));
  return std::nullopt;
}

std::vector<std::string> Fields::texts(std::string_view key) {
  const Value* found = take(key);
  std::vector<std::string> texts;
  if (found == nullptr) return texts;
  if (const List* items = found->list()) {
    for (const Value& item : *items) {
      if (item.is_string() || item.is_number())
        texts.push_back(to_text(item));
      else
        wrong_kind(key, item, "a text");
    }
  } else if (const auto single = text(key)) {
    texts.push_back(*single);
  }
  return texts;
}

const Value* Fields::value(std::string_view key) { return take(key); }

const Value* Fields::mapping(std::string_view key) {
  const Value* found = take(key);
  if (found == nullptr || found->is_object()) return found;
  wrong_kind(key, *found, "a mapping of keys to values");
  return nullptr;
}

const Value* Fields::list(std::string_view key) {
  const Value* found = take(key);
  if (found == nullptr || found->is_list()) return found;
  wrong_kind(key, *found, "a list");
  return nullptr;
}

Mark Fields::mark(std::string_view key) const {
  const Value* found = value_.find(key);
  return found == nullptr ? value_.mark() : found->mark();
}

Mark Fields::key_mark(std::string_view key) const {
  if (const Object* members = value_.object())
    for (const Member& member : *members)
      if (member.key == key && member.key_mark.line > 0) return member.key_mark;
  return mark(key);
}

void Fields::error(Mark mark, std::string what, std::string expected, std::string help, std::size_t width) {
  problems_.push_back(source_.problem(mark, std::move(what), std::move(expected), std::move(help), width));
}

void Fields::missing(std::string_view key, std::string help) {
  if (value_.is_object())
    error(value_.mark(), fmt::format("{} has no `{}`", what_, key), fmt::format("expected the key `{}`", key), std::move(help));
}

void Fields::finish() {
  const Object* members = value_.object();
  if (members == nullptr) return;
  for (const Member& member : *members) {
    if (std::ranges::find(known_, member.key) != known_.end()) continue;
    error(member.key_mark.line > 0 ? member.key_mark : value_.mark(), fmt::format("unknown key `{}`", member.key),
          expected_one_of(known_), did_you_mean(member.key, known_), code_points(member.key));
  }
}

std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  double amount = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), amount);
  if (error != std::errc{} || !std::isfinite(amount) || amount < 0) return std::nullopt;
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  struct Unit {
    std::string_view name;
    double seconds;
  };
  constexpr Unit kUnits[] = {{"", 1}, {"s", 1}, {"ms", 1e-3}, {"us", 1e-6}, {"m", 60}, {"h", 3600}, {"d", 86400}};
  for (const Unit& each : kUnits) {
    if (unit != each.name) continue;
    const double seconds = amount * each.seconds;
    if (seconds > 1e9) return std::nullopt;  // 31 years: beyond any meaning, and below the overflow
    return std::chrono::nanoseconds(static_cast<std::int64_t>(std::llround(seconds * 1e9)));
  }
  return std::nullopt;
}

}  // namespace llmops
