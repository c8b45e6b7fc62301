#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "prompts/template/library.h"
#include "prompts/template/operators.h"
#include "prompts/template/python.h"

namespace llmops::jinja {
namespace {

template <Operator op>
bool compared(const Value& input, const Value* argument) {
  return related(op, input, *argument);
}

std::int64_t whole(const Value& value, std::string_view test) {
  if (const auto number = python::as_integer(value)) return *number;
  throw Refusal{fmt::format("the test `{}` is given a {}", test, value.kind()),
                "expected a whole number", ""};
}

bool has_case(const Value& input, const std::string& changed) {
  const std::string text = python::str(input);
  return text == changed &&
         python::upper(text) != python::lower(text);  // str.isupper wants a letter with case
}

// `defined` and `undefined` are answered by the evaluator.
bool never(const Value&, const Value*) { return false; }

const TestInfo kTests[] = {
    {"defined",                                                                0,                  &never                                                                                                                            },
    {"undefined",                                                              0,                  &never                                                                                                                            },
    {"none",                                                                   0,                  [](const Value& v,                                                                                                                  const Value*) { return v.is_null(); }},
    {"boolean",                                                                        0,                                                                                  [](const Value& v,                                                                                                                                            const Value*) { return v.is_bool(); }},
    {"true",                                   0,                                                     [](const Value& v,                                       const Value*) { return v.is_bool() && *v.boolean(); }},
    {"false",                                                       0,[](const Value& v,                                                            const Value*) { return v.is_bool() && !*v.boolean(); }},
    {"integer",                 0,                                                   [](const Value& v,                                                                    const Value*) { return v.is_integer(); }},
    {"float",                                                                0,                                                                 [](const Value& v,                                                                                                                                const Value*) { return v.is_number() && !v.is_integer(); }},
    {"number",                                                                        0,                                                                                    [](const Value& v,                                                                                                                                                      const Value*) { return python::is_numeric(v); }},
    {"string",              0,                                [](const Value& v,                            const Value*) { return v.is_string(); }},
    {"mapping",                                                       0,[](const Value& v,const Value*) { return v.is_object(); }},
    {"sequence",                                                          0,
     [](const Value& v,                                                                                            const Value*) { return v.is_list() || v.is_string() || v.is_object(); }},
    {"iterable",                                                                0,
     [](const Value& v,                                                                                                                                                                                                      const Value*) { return v.is_list() || v.is_string() || v.is_object(); }},
    {"odd",                                                                        0,                                                                                 [](const Value& v,                                                                                                                                                         const Value*) { return whole(v, "odd") % 2 != 0; }},
    {"even", 0,                   [](const Value& v,                                                 const Value*) { return whole(v, "even") % 2 == 0; }},
    {"divisibleby",                                                        1,
     [](const Value& v,const Value* by) {
       const std::int64_t divisor = whole(*by, "divisibleby");
       if (divisor == 0) throw Refusal{"division by zero", "", ""};
       return divisor == -1 || whole(v, "divisibleby") % divisor == 0;
     }},
    {"lower",0,
     [](const Value& v,const Value*) { return has_case(v, python::lower(python::str(v))); }},
    {"upper",                                                                   0,
     [](const Value& v,                                                                                                                                                                                   const Value*) { return has_case(v, python::upper(python::str(v))); }},
    {"in",                                                                        1,                                                                              &compared<Operator::in>                                                                                                                                                       },
    {"eq",                                                                   1,                                                                                     &compared<Operator::equal>                                                                                                                                                                                                                },
    {"equalto",                                                        1,      &compared<Operator::equal>                                                                                                                                                                                                                                                                                               },
    {"ne",     1,                                                                            &compared<Operator::not_equal>},
    {"lt",                                                                     1,               &compared<Operator::less>                                            },
    {"lessthan",                                                                     1,                    &compared<Operator::less>                                       },
    {"le",                                                                1,                          &compared<Operator::less_equal>                                                                                                                            },
    {"gt",                                                                     1,                                                                                  &compared<Operator::greater>                                                                                                          },
    {"greaterthan",                                                                     1,                  &compared<Operator::greater>                                                                                                            },
    {"ge",                                                               1,            &compared<Operator::greater_equal>                                                                                                 },
};

}  // namespace

const TestInfo* find_test(std::string_view name) {
  const auto found = std::ranges::find(kTests, name, &TestInfo::name);
  return found == std::end(kTests) ? nullptr : found;
}

std::vector<std::string_view> test_names() {
  std::vector<std::string_view> names;
  for (const TestInfo& test : kTests) names.push_back(test.name);
  return names;
}

}  // namespace llmops::jinja
