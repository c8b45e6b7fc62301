#pragma once
// Reference vectors of the statistics (schema stat-vectors/1): a file is one topic, a case is an
// operation with input, expected output and tolerance.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "ci/stats/tested.h"
#include "datasets/text/value.h"

namespace llmops::test {

// Input object in, output out: a number, a list, an object, null for "undefined". An operation that
// is asked for a list of points finds them in what is expected.
class Operation {
 public:
  template <class F>
  Operation(F f) {
    if constexpr (std::is_invocable_v<F, const Value&, const Value&>)
      call_ = std::move(f);
    else
      call_ = [f = std::move(f)](const Value& input, const Value&) { return f(input); };
  }
  Value operator()(const Value& input, const Value& expected) const {
    return call_(input, expected);
  }

 private:
  std::function<Value(const Value& input, const Value& expected)> call_;
};
using Operations = std::map<std::string, Operation, std::less<>>;

// Runs every case of reference/statistics/TOPIC.json; a failure names the case and the field. An
// operation that the table lacks is a failure. Skips where the file is absent.
void check_vectors(const std::string& topic, const Operations& operations);

// What differs, or nothing. |x - e| <= abs + rel |e| for numbers; further fields of `actual` are
// free; null asks for a field that is absent, null or refused.
std::optional<std::string> difference(const Value& actual, const Value& expected, double rel,
                                      double abs);

// A member of an input; throws std::runtime_error where it is missing.
const Value& member(const Value& input, std::string_view key);
double number(const Value& input, std::string_view key);
double number_or(const Value& input, std::string_view key, double otherwise);
std::int64_t integer(const Value& input, std::string_view key);
std::string text(const Value& input, std::string_view key);

// Numbers of a list or of a generator rule; "NaN", "Infinity" and "-Infinity" are read as such.
std::vector<double> numbers(const Value& list);
std::vector<double> numbers(const Value& input, std::string_view key);

// Results as values.
Value list_of(const std::vector<double>& values);
Value optional(const std::optional<double>& value);
Value refused(const stats::Refusal& refusal);

// The refusal of `tested`, or what `show` makes of its value.
template <class T, class Show>
Value shown(const stats::Tested<T>& tested, Show show) {
  if (!tested) return refused(tested.refusal());
  return show(*tested);
}

}  // namespace llmops::test
