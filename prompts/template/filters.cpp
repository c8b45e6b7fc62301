// Each filter as Jinja2 3.1 defines it (jinja2/filters.py), on values instead of Python objects.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "prompts/template/library.h"
#include "prompts/template/operators.h"
#include "prompts/template/python.h"
#include "prompts/template/texts.h"

namespace llmops::jinja {
namespace {

std::int64_t whole(const Value* argument, std::int64_t otherwise, std::string_view name) {
  if (argument == nullptr) return otherwise;
  if (const auto number = python::as_integer(*argument)) return *number;
  throw Refusal{fmt::format("`{}` is a {}", name, argument->kind()), "expected a whole number", ""};
}

bool flag(const Value* argument, bool otherwise = false) {
  return argument == nullptr ? otherwise : python::truth(*argument);
}

std::string text(const Value* argument, std::string_view otherwise) {
  return argument == nullptr ? std::string(otherwise) : python::str(*argument);
}

bool given(const Value* argument) { return argument != nullptr && !argument->is_null(); }

// `attribute='a.b'` or an index.
Value attribute_of(const Value& item, const Value* attribute) {
  if (!given(attribute)) return item;
  if (const auto index = python::as_integer(*attribute)) {
    const List* items = item.list();
    if (items != nullptr && *index >= 0 && *index < static_cast<std::int64_t>(items->size()))
      return (*items)[static_cast<std::size_t>(*index)];
  } else if (const Value* found = find_path(item, python::str(*attribute))) {
    return *found;
  }
  throw Refusal{fmt::format("an element has no `{}`", python::str(*attribute)), "", ""};
}

List list_of(const Value& input, Budget& budget) {
  List made;
  const List& all = elements(input, made, budget);
  if (&all == &made) return made;
  for (const Value& item : all) budget.copy(python::weight(item));
  return all;
}

// What texts are compared by where case does not count.
Value folded(const Value& value, bool case_sensitive) {
  return !case_sensitive && value.is_string() ? Value(python::lower(*value.string())) : value;
}

bool before(const Value& a, const Value& b) {
  const auto order = python::order(a, b);
  if (!order) throw Refusal{fmt::format("a {} and a {} have no order", a.kind(), b.kind()), "", ""};
  return *order < 0;
}

// A key that belongs to each element, so that it is computed once.
struct Keyed {
  Value key;
  Value item;
};

List sorted(std::vector<Keyed> keyed, bool reverse, Budget& budget) {
  std::size_t comparisons = 0;
  const auto less = [&](const Keyed& a, const Keyed& b) {
    if (++comparisons % 1024 == 0) budget.step(1024);
    return reverse ? before(b.key, a.key) : before(a.key, b.key);
  };
  std::stable_sort(keyed.begin(), keyed.end(), less);
  List out;
  for (Keyed& each : keyed) out.push_back(std::move(each.item));
  return out;
}

Value sort(const Value& input, Arguments arguments, Budget& budget) {
  std::vector<Keyed> keyed;
  for (Value& item : list_of(input, budget)) {
    Value key = folded(attribute_of(item, arguments[2]), flag(arguments[1]));
    keyed.push_back({std::move(key), std::move(item)});
  }
  return sorted(std::move(keyed), flag(arguments[0]), budget);
}

Value pairs(const Value& input, Budget& budget) {
  const Object* members = input.object();
  if (members == nullptr)
    throw Refusal{fmt::format("a {} has no items", input.kind()), "expected a mapping", ""};
  List out;
  budget.copy(python::weight(input));
  for (const Member& member : *members) out.emplace_back(List{member.key, member.value});
  return out;
}

Value dictsort(const Value& input, Arguments arguments, Budget& budget) {
  const std::string by = text(arguments[1], "key");
  if (by != "key" && by != "value")
    throw Refusal{fmt::format("`dictsort` by `{}`", by), "expected one of: key, value", ""};
  std::vector<Keyed> keyed;
  const Value all = pairs(input, budget);
  for (const Value& pair : *all.list())
    keyed.push_back({folded((*pair.list())[by == "key" ? 0 : 1], flag(arguments[0])), pair});
  return sorted(std::move(keyed), flag(arguments[2]), budget);
}

Value unique(const Value& input, Arguments arguments, Budget& budget) {
  List out;
  std::vector<Value> seen;
  for (Value& item : list_of(input, budget)) {
    const Value key = folded(attribute_of(item, arguments[1]), flag(arguments[0]));
    budget.step(seen.size());
    if (std::ranges::any_of(seen, [&](const Value& other) { return python::equal(other, key); }))
      continue;
    seen.push_back(key);
    out.push_back(std::move(item));
  }
  return out;
}

template <bool greatest>
Value extreme(const Value& input, Arguments arguments, Budget& budget) {
  const List items = list_of(input, budget);
  const auto key = [&](const Value& item) {
    return folded(attribute_of(item, arguments[1]), flag(arguments[0]));
  };
  const Value* best = &items.front();
  for (const Value& item : items)
    if (greatest ? before(key(*best), key(item)) : before(key(item), key(*best))) best = &item;
  return *best;
}

Value join(const Value& input, Arguments arguments, Budget& budget) {
  const std::string between = text(arguments[0], "");
  List made;
  const List& items = elements(input, made, budget);
  std::string out;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out += between;
    if (given(arguments[1]))
      python::append_str(attribute_of(items[i], arguments[1]), out);
    else
      python::append_str(items[i], out);
    Budget::text(out.size());
    budget.step();
  }
  return out;
}

Value length(const Value& input, Arguments, Budget&) {
  const auto count = [](std::size_t number) { return Value(static_cast<std::int64_t>(number)); };
  if (const std::string* value = input.string()) return count(python::characters(*value).size());
  if (const List* items = input.list()) return count(items->size());
  if (const Object* members = input.object()) return count(members->size());
  throw Refusal{fmt::format("a {} has no length", input.kind()),
                "expected a text, a list or a mapping", ""};
}

// The nearest number with so many decimals; ties of the exact binary value go to the even digit.
double rounded(double number, std::int64_t precision) {
  if (precision > 300) return number;
  if (precision >= 0) {
    double result = 0;
    const std::string digits = fmt::format("{:.{}f}", number, precision);
    std::from_chars(digits.data(), digits.data() + digits.size(), result);
    return result;
  }
  if (precision < -308) return std::copysign(0.0, number);
  const double unit = std::pow(10.0, static_cast<double>(-precision));
  return std::nearbyint(number / unit) * unit;
}

Value round(const Value& input, Arguments arguments, Budget&) {
  const std::int64_t precision = whole(arguments[0], 0, "precision");
  const std::string method = text(arguments[1], "common");
  if (method != "common" && method != "ceil" && method != "floor")
    throw Refusal{fmt::format("`round` by `{}`", method), "expected one of: ceil, common, floor",
                  ""};
  if (!python::is_numeric(input))
    throw Refusal{fmt::format("a {} cannot be rounded", input.kind()), "expected a number",
                  "`float` reads a number from a text"};
  const double number = python::as_double(input);
  if (method == "common") {
    const auto integer = python::as_integer(input);
    if (!integer) return rounded(number, precision);
    return precision >= 0 ? Value(*integer)
                          : Value(static_cast<std::int64_t>(rounded(number, precision)));
  }
  const double scale =
      std::pow(10.0, static_cast<double>(std::clamp<std::int64_t>(precision, -300, 300)));
  const double result =
      (method == "ceil" ? std::ceil(number * scale) : std::floor(number * scale)) / scale;
  if (!std::isfinite(result)) throw Refusal{"the result is not a finite number", "", ""};
  return result;
}

// int() and float() of a text: white space around and `_` between digits are allowed.
std::string digits_of(const std::string& text) {
  std::string out;
  for (const char c : python::strip(text))
    if (c != '_') out += c;
  if (out.starts_with('+') && out.size() > 1 && out[1] != '-') out.erase(0, 1);
  return out;
}

std::optional<double> read_real(const std::string& text) {
  const std::string digits = digits_of(text);
  double number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc{} || end != digits.data() + digits.size() || !std::isfinite(number))
    return std::nullopt;
  return number;
}

Value to_int(const Value& input, Arguments arguments, Budget&) {
  if (const auto number = python::as_integer(input)) return *number;
  const std::int64_t base = whole(arguments[1], 10, "base");
  double real = input.number();
  if (const std::string* given_text = input.string()) {
    std::string digits = digits_of(*given_text);
    const bool negative = digits.starts_with('-');
    if (negative) digits.erase(0, 1);
    const bool prefixed = (base == 16 && (digits.starts_with("0x") || digits.starts_with("0X"))) ||
                          (base == 8 && (digits.starts_with("0o") || digits.starts_with("0O"))) ||
                          (base == 2 && (digits.starts_with("0b") || digits.starts_with("0B")));
    if (prefixed) digits.erase(0, 2);
    std::int64_t number = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), number,
                        static_cast<int>(std::clamp<std::int64_t>(base, 2, 36)));
    if (error == std::errc{} && end == digits.data() + digits.size() && !digits.starts_with('-'))
      return negative ? -number : number;
    const std::optional<double> from_text = read_real(*given_text);
    if (!from_text) return arguments[0] != nullptr ? *arguments[0] : Value(0);
    real = *from_text;
  } else if (!input.is_number()) {
    return arguments[0] != nullptr ? *arguments[0] : Value(0);
  }
  if (std::abs(real) >= 9.2e18) throw Refusal{"the number grows beyond 64 bits", "", ""};
  return static_cast<std::int64_t>(real);
}

Value to_float(const Value& input, Arguments arguments, Budget&) {
  if (python::is_numeric(input)) return python::as_double(input);
  if (input.is_string())
    if (const auto number = read_real(*input.string())) return *number;
  return arguments[0] != nullptr ? *arguments[0] : Value(0.0);
}

Value sum(const Value& input, Arguments arguments, Budget& budget) {
  Value total = arguments[1] != nullptr ? *arguments[1] : Value(0);
  for (const Value& item : list_of(input, budget))
    total = calculate(Operator::add, total, attribute_of(item, arguments[0]), budget);
  return total;
}

Value map(const Value& input, Arguments arguments, Budget& budget) {
  List out;
  const bool by_attribute = given(arguments[1]);
  if (!by_attribute && !given(arguments[0]))
    throw Refusal{"`map` needs a filter or an attribute",
                  "expected `map(attribute='name')` or `map('upper')`", ""};
  const FilterInfo* filter = by_attribute ? nullptr : find_filter(python::str(*arguments[0]));
  if (!by_attribute && (filter == nullptr || filter->required > 0))
    throw Refusal{fmt::format("`map` cannot apply `{}`", python::str(*arguments[0])),
                  "expected the name of a filter that needs no arguments", ""};
  for (Value& item : list_of(input, budget)) {
    budget.step();
    if (by_attribute) {
      const bool fallback =
          arguments[2] != nullptr && find_path(item, python::str(*arguments[1])) == nullptr;
      out.push_back(fallback ? *arguments[2] : attribute_of(item, arguments[1]));
    } else if (filter->name == "default" || filter->name == "map") {
      out.push_back(std::move(item));
    } else {
      const std::vector<const Value*> none(filter->parameters.size());
      out.push_back(filter->apply(item, none, budget));
    }
  }
  return out;
}

template <bool wanted>
Value select(const Value& input, Arguments arguments, Budget& budget) {
  const TestInfo* test = arguments[0] != nullptr ? find_test(python::str(*arguments[0])) : nullptr;
  if (arguments[0] != nullptr && test == nullptr)
    throw Refusal{fmt::format("unknown test `{}`", python::str(*arguments[0])), "", ""};
  if (test != nullptr && test->arguments > 0 && arguments[1] == nullptr)
    throw Refusal{fmt::format("the test `{}` takes one argument", test->name), "", ""};
  List out;
  for (Value& item : list_of(input, budget)) {
    budget.step();
    const bool holds = test == nullptr ? python::truth(item)
                                       : test->name == "defined" || test->holds(item, arguments[1]);
    if (holds == wanted) out.push_back(std::move(item));
  }
  return out;
}

template <bool wanted>
Value select_attribute(const Value& input, Arguments arguments, Budget& budget) {
  const TestInfo* test = arguments[1] != nullptr ? find_test(python::str(*arguments[1])) : nullptr;
  if (arguments[1] != nullptr && test == nullptr)
    throw Refusal{fmt::format("unknown test `{}`", python::str(*arguments[1])), "", ""};
  if (test != nullptr && test->arguments > 0 && arguments[2] == nullptr)
    throw Refusal{fmt::format("the test `{}` takes one argument", test->name), "", ""};
  List out;
  for (Value& item : list_of(input, budget)) {
    budget.step();
    bool holds = false;
    if (test != nullptr && (test->name == "defined" || test->name == "undefined")) {
      holds = (find_path(item, python::str(*arguments[0])) != nullptr) == (test->name == "defined");
    } else {
      const Value value = attribute_of(item, arguments[0]);
      holds = test == nullptr ? python::truth(value) : test->holds(value, arguments[2]);
    }
    if (holds == wanted) out.push_back(std::move(item));
  }
  return out;
}

Value reverse(const Value& input, Arguments, Budget& budget) {
  List items = list_of(input, budget);
  std::ranges::reverse(items);
  if (!input.is_string()) return items;
  std::string out;
  for (const Value& item : items) out += *item.string();
  return out;
}

Value indent(const Value& input, Arguments arguments, Budget&) {
  std::string by;
  if (arguments[0] != nullptr && arguments[0]->is_string()) {
    by = *arguments[0]->string();
  } else {
    const std::int64_t width = std::max<std::int64_t>(0, whole(arguments[0], 4, "width"));
    Budget::text(static_cast<std::size_t>(width));
    by.assign(static_cast<std::size_t>(width), ' ');
  }
  return indented(python::str(input), by, flag(arguments[1]), flag(arguments[2]));
}

Value tojson(const Value& input, Arguments arguments, Budget&) {
  const std::int64_t width =
      given(arguments[0]) ? std::clamp<std::int64_t>(whole(arguments[0], 0, "indent"), 0, 100) : -1;
  return python::tojson(input, static_cast<int>(width));
}

Value absolute(const Value& input, Arguments, Budget&) {
  if (!python::is_numeric(input))
    throw Refusal{fmt::format("a {} has no absolute value", input.kind()), "expected a number", ""};
  if (!python::as_integer(input)) return std::abs(input.number());
  return *python::as_integer(input) < 0 ? negative(input) : Value(*python::as_integer(input));
}

Value wordcount(const Value& input, Arguments, Budget&) {
  // Jinja2 counts \w+: letters, digits and underscores.
  const std::string text_of_input = python::str(input);
  std::int64_t count = 0;
  bool inside = false;
  for (const std::string_view c : python::characters(text_of_input)) {
    const bool word = python::word_character(c);
    count += word && !inside ? 1 : 0;
    inside = word;
  }
  return count;
}

const FilterInfo kFilters[] = {
    {"abs",                                                      {},                           &absolute                                                                     },
    {"capitalize",
     {},
     [](const Value& v,                                                                                                                                                        Arguments, Budget&) { return Value(capitalized(python::str(v))); }},
    {"default",
     {"default_value", "boolean"},
     [](const Value& v,                                                                                                     Arguments, Budget&) { return v; }}, // by the evaluator
    {"dictsort",                                          {"case_sensitive", "by", "reverse"},                                                             &dictsort                },
    {"first",
     {},
     [](const Value& v,          Arguments, Budget& budget) { return list_of(v, budget).front(); },
     0, true},
    {"float",                                                    {"default"},                                                                                       &to_float                                                                                                                                                       },
    {"indent",    {"width", "first", "blank"},                                                                                        &indent                                                                                                                                                                 },
    {"int",                                                    {"default", "base"},                  &to_int},
    {"items",                                                   {},                                                 [](const Value& v,                                 Arguments, Budget& budget) { return pairs(v, budget); }},
    {"join",                                                      {"d", "attribute"},            &join                                                                 },
    {"last",
     {},
     [](const Value& v,                                         Arguments, Budget& budget) { return list_of(v, budget).back(); },
     0, true},
    {"length",              {},                                          &length                                                                                                                  },
    {"list",
     {},
     [](const Value& v,                                                                              Arguments, Budget& budget) { return Value(list_of(v, budget)); }},
    {"lower",
     {},
     [](const Value& v,                                              Arguments, Budget&) { return Value(python::lower(python::str(v))); }},
    {"map",                                                      {"filter", "attribute", "default"},                                                                                  &map                                                                                                                                                        },
    {"max",                                                   {"case_sensitive", "attribute"},                                      &extreme<true>,0, true},
    {"min",                                          {"case_sensitive", "attribute"},                                                             &extreme<false>,         0, true},
    {"reject",                                                    {"test", "argument"},                                                                                       &select<false>                                                                                                                                                       },
    {"rejectattr", {"attribute", "test", "argument"},                             &select_attribute<false>,                                                                                                       1},
    {"replace",
     {"old", "new", "count"},
     [](const Value& v,Arguments a, Budget&) {
       const auto most = given(a[2]) ? std::optional(whole(a[2], 0, "count")) : std::nullopt;
       return Value(replaced(python::str(v), python::str(*a[0]), python::str(*a[1]), most));
     }, 2},
    {"reverse",                                            {},                                  &reverse                                                                                                               },
    {"round",                                                      {"precision", "method"},          &round            },
    {"select",                                                      {"test", "argument"},                                                                                  &select<true>                                                                                                                                                        },
    {"selectattr",                                            {"attribute", "test", "argument"},&select_attribute<true>,1},
    {"sort",                                  {"reverse", "case_sensitive", "attribute"},                                 &sort        },
    {"string",                                    {},                                                                        [](const Value& v,                                                                                                                                                                                                                         Arguments, Budget&) { return Value(python::str(v)); }},
    {"sum",                                                         {"attribute", "start"},                                                                                     &sum                                                                                                                                                          },
    {"title",                                                  {},                                             [](const Value& v,      Arguments, Budget&) { return Value(titled(python::str(v))); }},
    {"tojson",                                                    {"indent"},                                                                       &tojson                                                                                                                                 },
    {"trim",
     {"chars"},
     [](const Value& v,Arguments a, Budget&) {
       return Value(python::strip(python::str(v), given(a[0]) ? python::str(*a[0]) : ""));
     }},
    {"truncate",
     {"length", "killwords", "end", "leeway"},
     [](const Value& v,                                                                                                                                                                                                                                                              Arguments a, Budget&) {
       return Value(truncated(python::str(v), whole(a[0], 255, "length"), flag(a[1]),
                              text(a[2], "..."), given(a[3]) ? whole(a[3], 5, "leeway") : 5));
     }},
    {"unique",{"case_sensitive", "attribute"},&unique                                           },
    {"upper",
     {},
     [](const Value& v,Arguments, Budget&) { return Value(python::upper(python::str(v))); }},
    {"wordcount",                                                          {},                                                                                  &wordcount                                                                                 },
};

}  // namespace

const FilterInfo* find_filter(std::string_view name) {
  if (name == "d") name = "default";
  if (name == "count") name = "length";
  const auto found = std::ranges::find(kFilters, name, &FilterInfo::name);
  return found == std::end(kFilters) ? nullptr : found;
}

std::vector<std::string_view> filter_names() {
  std::vector<std::string_view> names;
  for (const FilterInfo& filter : kFilters) names.push_back(filter.name);
  return names;
}

}  // namespace llmops::jinja
