// The methods of Python's texts and mappings that templates in the wild call.
#include <fmt/format.h>

#include <algorithm>

#include "prompts/template/library.h"
#include "prompts/template/python.h"
#include "prompts/template/texts.h"

namespace llmops::jinja {
namespace {

const std::string& text(const Value& self, std::string_view method) {
  if (const std::string* found = self.string()) return *found;
  throw Refusal{fmt::format("a {} has no method `{}`", self.kind(), method), "expected a text", ""};
}

const Object& mapping(const Value& self, std::string_view method) {
  if (const Object* found = self.object()) return *found;
  throw Refusal{fmt::format("a {} has no method `{}`", self.kind(), method), "expected a mapping",
                ""};
}

std::string_view argument(const Value* given, std::string_view otherwise = {}) {
  if (given == nullptr || given->is_null()) return otherwise;
  if (const std::string* found = given->string()) return *found;
  throw Refusal{fmt::format("the argument is a {}", given->kind()), "expected a text", ""};
}

Value split(const Value& self, Arguments arguments, Budget& budget) {
  const std::string& whole = text(self, "split");
  List parts;
  if (arguments[0] == nullptr || arguments[0]->is_null()) {
    for (const std::string_view word : python::split_words(whole)) parts.emplace_back(word);
  } else {
    const std::string_view separator = argument(arguments[0]);
    if (separator.empty())
      throw Refusal{"`split` at nothing", "expected a text between the parts", ""};
    std::string_view rest = whole;
    for (std::size_t at = rest.find(separator); at != std::string_view::npos;
         at = rest.find(separator)) {
      parts.emplace_back(rest.substr(0, at));
      rest.remove_prefix(at + separator.size());
    }
    parts.emplace_back(rest);
  }
  budget.copy(parts.size());
  return parts;
}

Value members(const Value& self, std::string_view method, bool keys, bool values, Budget& budget) {
  List out;
  budget.copy(python::weight(self));
  for (const Member& member : mapping(self, method)) {
    if (keys && values)
      out.emplace_back(List{member.key, member.value});
    else
      out.push_back(keys ? Value(member.key) : member.value);
  }
  return out;
}

const MethodInfo kMethods[] = {
    {"capitalize",
     {},
     [](const Value& self,                                                       Arguments,Budget&) {
       return Value(capitalized(text(self, "capitalize")));
     }},
    {"endswith",
     {"suffix"},
     [](const Value& self,                                                       Arguments a,Budget&) {
       return Value(text(self, "endswith").ends_with(argument(a[0])));
     },1},
    {"get",
     {"key", "default"},
     [](const Value& self,                                                         Arguments a,Budget&) {
       const Value* found = mapping(self, "get").find(python::str(*a[0]));
       if (found != nullptr) return *found;
       return a[1] != nullptr ? *a[1] : Value();
     },1},
    {"items",
     {},
     [](const Value& self,                                                               Arguments,Budget& b) { return members(self, "items", true, true, b); }},
    {"join",
     {"parts"},
     [](const Value& self,     Arguments a,Budget& b) {
       const std::vector<const Value*> arguments = {&self, nullptr};
       text(self, "join");
       return find_filter("join")->apply(*a[0], arguments, b);
     },1},
    {"keys",
     {},
     [](const Value& self,                                                                Arguments,Budget& b) { return members(self, "keys", true, false, b); }},
    {"lower",
     {},
     [](const Value& self,Arguments,Budget&) {
       return Value(python::lower(text(self, "lower")));
     }},
    {"lstrip",
     {"chars"},
     [](const Value& self,                                                                                                                       Arguments a, Budget&) {
       return Value(python::strip(text(self, "lstrip"), argument(a[0]), python::Side::left));
     }},
    {"replace",
     {"old", "new", "count"},
     [](const Value& self,Arguments a,Budget&) {
       const auto most = a[2] != nullptr ? python::as_integer(*a[2]) : std::nullopt;
       return Value(replaced(text(self, "replace"), argument(a[0]), argument(a[1]), most));
     },2},
    {"rstrip",
     {"chars"},
     [](const Value& self,                                                                                                                      Arguments a,       Budget&) {
       return Value(python::strip(text(self, "rstrip"), argument(a[0]), python::Side::right));
     }                                                       },
    {"split",                                          {"sep"},                                        &split},
    {"splitlines",
     {},
     [](const Value& self,                                                                                                 Arguments,Budget& b) {
       List lines;
       for (const std::string_view line : python::split_lines(text(self, "splitlines")))
         lines.emplace_back(line);
       b.copy(lines.size());
       return Value(std::move(lines));
     }},
    {"startswith",
     {"prefix"},
     [](const Value& self,                                                      Arguments a,Budget&) {
       return Value(text(self, "startswith").starts_with(argument(a[0])));
     },1},
    {"strip",
     {"chars"},
     [](const Value& self,                                                                Arguments a,Budget&) {
       return Value(python::strip(text(self, "strip"), argument(a[0])));
     }},
    {"upper",
     {},
     [](const Value& self,Arguments,Budget&) {
       return Value(python::upper(text(self, "upper")));
     }},
    {"values",
     {},
     [](const Value& self,                                                                  Arguments,Budget& b) {
       return members(self, "values", false, true, b);
     }},
};

}  // namespace

const MethodInfo* find_method(std::string_view name) {
  const auto found = std::ranges::find(kMethods, name, &MethodInfo::name);
  return found == std::end(kMethods) ? nullptr : found;
}

std::vector<std::string_view> method_names() {
  std::vector<std::string_view> names;
  for (const MethodInfo& method : kMethods) names.push_back(method.name);
  return names;
}

}  // namespace llmops::jinja
