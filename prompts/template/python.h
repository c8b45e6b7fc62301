#pragma once
// Values as Python (and so Jinja2) sees them: how they print, compare, count as true.

#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/text/value.h"

namespace llmops::python {

// str(value): "True", "None", "1.0", "['a', 1]"; texts as they are.
void append_str(const Value& value, std::string& out);
std::string str(const Value& value);
// repr(value): texts in quotes, with Python's escapes.
void append_repr(const Value& value, std::string& out);
// repr(float): the shortest text that reads back the same.
std::string float_repr(double number);

// bool(value): "", 0, [], {} and None are false.
bool truth(const Value& value);
// ==, where True is 1 and kinds that cannot be equal are not.
bool equal(const Value& a, const Value& b);
// Order of numbers, texts (by code point) and lists; nullopt for kinds that Python refuses to
// order.
std::optional<std::partial_ordering> order(const Value& a, const Value& b);

// A number, or true and false as 1 and 0.
bool is_numeric(const Value& value);
std::optional<std::int64_t> as_integer(const Value& value);  // of an integer or a boolean
double as_double(const Value& value);                        // of a numeric value

// json.dumps(value, sort_keys=True, indent=indent) with `<`, `>`, `&` and `'` escaped: Jinja2's
// `tojson`. indent < 0: on one line.
std::string tojson(const Value& value, int indent);

std::string upper(std::string_view text);
std::string lower(std::string_view text);
// str.strip(characters); white space of Unicode where `characters` is empty.
enum class Side { both, left, right };
std::string_view strip(std::string_view text, std::string_view characters = {},
                       Side side = Side::both);
// str.splitlines(): at every line boundary of Unicode.
std::vector<std::string_view> split_lines(std::string_view text);
// str.split(): at runs of white space.
std::vector<std::string_view> split_words(std::string_view text);
// The code points of a text, each as its bytes.
std::vector<std::string_view> characters(std::string_view text);
bool is_space(char32_t code_point);
// \w of one character: a letter, a digit or an underscore.
bool word_character(std::string_view character);

// Number of nodes, with every 32 bytes of text as one: what a copy costs.
std::size_t weight(const Value& value);

}  // namespace llmops::python
