#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace llmops {

// A decimal number as it stands in a text.
struct Number {
  std::string digits;  // canonical: sign, digits without leading or trailing zeros, exponent:
                       // "-56e2"; "0" for zero
  double value = 0;
  std::string shown;  // as written, thousands separators included
};

// The last number of a text, if there is one. Taken for a number: digits with a decimal point, with
// thousands separators (comma, thin or no-break space, between groups of exactly three), an
// exponent, a sign that is no dash between words ("-", U+2212, also before a currency sign). A
// number that is glued to a letter before it (CO2, m2, x1), or that has more than one point
// (1.2.3), is none; what stands behind a number (%, units) does not matter.
std::optional<Number> last_number(std::string_view text);

}  // namespace llmops
