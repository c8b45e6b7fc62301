#pragma once
// Filters, tests and methods: one table each.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/text/value.h"

namespace llmops::jinja {

// Why a filter, test or operator does not work on what it was given; the evaluator adds the place.
struct Refusal {
  std::string what, expected, help;
};

// Counts what a rendering has used; throws Refusal beyond the limits of program.h.
class Budget {
 public:
  void step(std::size_t count = 1);
  void copy(std::size_t nodes);
  static void text(std::size_t bytes);

 private:
  std::size_t steps_ = 0;
  std::size_t copied_ = 0;
};

// Arguments in the order of the parameters; nullptr where one was left out.
using Arguments = std::span<const Value* const>;

struct FilterInfo {
  std::string_view name;
  std::vector<std::string_view> parameters;
  Value (*apply)(const Value& input, Arguments arguments, Budget& budget);  // throws Refusal
  std::size_t required = 0;  // parameters that must be given
  bool picks = false;        // one element of the input: undefined where it has none
};
const FilterInfo* find_filter(std::string_view name);
std::vector<std::string_view> filter_names();

struct TestInfo {
  std::string_view name;
  std::size_t arguments = 0;
  bool (*holds)(const Value& input, const Value* argument);
};
const TestInfo* find_test(std::string_view name);
std::vector<std::string_view> test_names();

struct MethodInfo {
  std::string_view name;
  std::vector<std::string_view> parameters;
  Value (*apply)(const Value& self, Arguments arguments, Budget& budget);
  std::size_t required = 0;
};
const MethodInfo* find_method(std::string_view name);
std::vector<std::string_view> method_names();

// The elements that a loop or a filter walks over: a list's, a mapping's keys, a text's characters.
// Points into `value` or into `made`.
const List& elements(const Value& value, List& made, Budget& budget);

// `in`: a text in a text, an element in a list, a key in a mapping.
bool contains(const Value& container, const Value& element);

}  // namespace llmops::jinja
