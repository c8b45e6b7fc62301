#include "evaluators/metrics/text/numbers.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

namespace llmops {
namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }
bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

// Bytes of a separator between groups of three digits; 0 for anything else.
std::size_t separator(std::string_view rest) {
  if (rest.starts_with(',')) return 1;
  for (const std::string_view blank : {"\u00A0", "\u2009", "\u202F"})
    if (rest.starts_with(blank)) return blank.size();
  return 0;
}

std::size_t digits_at(std::string_view text, std::size_t at) {
  std::size_t count = 0;
  while (at + count < text.size() && digit(text[at + count])) ++count;
  return count;
}

bool ends_with_any(std::string_view text, std::initializer_list<std::string_view> endings,
                   std::size_t& bytes) {
  for (const std::string_view ending : endings) {
    if (!text.ends_with(ending)) continue;
    bytes = ending.size();
    return true;
  }
  return false;
}

// Whether a minus sign belongs to the number that follows `before`, perhaps behind a currency sign.
bool negative(std::string_view before) {
  std::size_t bytes = 0;
  while (before.ends_with(' ') && before.size() > 1 && before[before.size() - 2] == '$')
    before.remove_suffix(1);
  if (ends_with_any(before, {"$", "€", "£", "¥", "₹"}, bytes)) before.remove_suffix(bytes);
  if (!ends_with_any(before, {"-", "\u2212"}, bytes)) {
    return false;
  }
  before.remove_suffix(bytes);
  if (before.empty()) return true;
  const char last = before.back();
  return !digit(last) && !letter(last) && last != ')' && last != ']' && last != '-' &&
         last != '%' && static_cast<unsigned char>(last) < 0x80;
}

Number make_number(bool minus, std::string whole, std::string fraction, long exponent,
                   std::string shown) {
  std::string digits = whole + fraction;
  exponent -= static_cast<long>(fraction.size());
  const std::size_t first = digits.find_first_not_of('0');
  Number number;
  number.shown = std::move(shown);
  if (first == std::string::npos) {
    number.digits = "0";
    return number;
  }
  digits.erase(0, first);
  const std::size_t last = digits.find_last_not_of('0');
  exponent += static_cast<long>(digits.size() - last - 1);
  digits.resize(last + 1);
  number.digits = fmt::format("{}{}e{}", minus ? "-" : "", digits, exponent);
  const char* begin = number.digits.data();
  const auto result = std::from_chars(begin, begin + number.digits.size(), number.value);
  // from_chars leaves the value alone where it is too small or too large for a double.
  if (result.ec == std::errc::result_out_of_range)
    number.value = exponent < 0 ? 0.0 : (minus ? -HUGE_VAL : HUGE_VAL);
  return number;
}

// The number whose first digit or point stands at `at`; `end` is set behind it, whether it counts
// as one or not.
std::optional<Number> number_at(std::string_view text, std::size_t at, std::size_t& end) {
  const std::string_view before = text.substr(0, at);
  std::size_t next = at;
  std::string whole;
  if (text[next] != '.') {
    const std::size_t count = digits_at(text, next);
    whole = text.substr(next, count);
    next += count;
    if (count <= 3) {
      for (std::size_t gap = separator(text.substr(next)); gap > 0;
           gap = separator(text.substr(next))) {
        if (digits_at(text, next + gap) != 3) break;
        whole += text.substr(next + gap, 3);
        next += gap + 3;
      }
    }
  }
  std::string fraction;
  bool broken = false;
  while (next + 1 < text.size() && text[next] == '.' && digit(text[next + 1])) {
    broken = broken || !fraction.empty();
    const std::size_t count = digits_at(text, next + 1);
    fraction = text.substr(next + 1, count);
    next += 1 + count;
  }
  long exponent = 0;
  if (next < text.size() && (text[next] == 'e' || text[next] == 'E')) {
    std::size_t power = next + 1;
    const bool down = power < text.size() && text[power] == '-';
    if (power < text.size() && (text[power] == '-' || text[power] == '+')) ++power;
    const std::size_t count = digits_at(text, power);
    const bool glued = power + count < text.size() && letter(text[power + count]);
    if (count > 0 && count <= 4 && !glued) {
      for (std::size_t i = 0; i < count; ++i) exponent = exponent * 10 + (text[power + i] - '0');
      if (down) exponent = -exponent;
      next = power + count;
    }
  }
  end = next;
  if (broken || (!before.empty() && (letter(before.back()) || before.back() == '^')))
    return std::nullopt;
  return make_number(negative(before), std::move(whole), std::move(fraction), exponent,
                     std::string(text.substr(at, next - at)));
}

}  // namespace

std::optional<Number> last_number(std::string_view text) {
  std::optional<Number> last;
  for (std::size_t at = 0; at < text.size();) {
    const bool starts =
        digit(text[at]) || (text[at] == '.' && at + 1 < text.size() && digit(text[at + 1]));
    if (!starts) {
      ++at;
      continue;
    }
    if (std::optional<Number> number = number_at(text, at, at)) last = std::move(number);
  }
  return last;
}

}  // namespace llmops
