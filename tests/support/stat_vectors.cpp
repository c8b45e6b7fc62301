#include "tests/support/stat_vectors.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <stdexcept>

#include "datasets/random.h"
#include "datasets/text/files.h"
#include "datasets/text/json.h"
#include "datasets/text/source.h"
#include "tests/support/reference.h"

namespace llmops::test {
namespace {

double as_number(const Value& value) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (const std::string* word = value.string()) {
    if (*word == "Infinity") return kInfinity;
    if (*word == "-Infinity") return -kInfinity;
    return std::numeric_limits<double>::quiet_NaN();
  }
  return value.number();
}

std::vector<double> generated(const Value& rule) {
  auto state = static_cast<std::uint64_t>(integer(rule, "seed"));
  const double low = number(rule, "lo"), high = number(rule, "hi");
  std::vector<double> values(static_cast<std::size_t>(integer(rule, "n")));
  for (double& value : values)
    value = low + static_cast<double>(splitmix64(state) >> 11) * 0x1.0p-53 * (high - low);
  return values;
}

bool refusal_without_test(const Value& value) {
  const Value* status = value.find("status");
  return status != nullptr && status->string() != nullptr && *status->string() == "not_testable";
}

}  // namespace

std::optional<std::string> difference(const Value& actual, const Value& expected, double rel,
                                      double abs) {
  if (expected.is_null()) {
    if (actual.is_null() || refusal_without_test(actual)) return std::nullopt;
    return "expected nothing, found " + to_text(actual);
  }
  if (expected.is_number()) {
    const double e = expected.number();
    if (actual.is_number() && std::abs(actual.number() - e) <= abs + rel * std::abs(e))
      return std::nullopt;
    return "expected " + to_text(expected) + ", found " + to_text(actual);
  }
  if (const List* wanted = expected.list()) {
    const List* found = actual.list();
    if (found == nullptr || found->size() != wanted->size())
      return "expected a list of " + std::to_string(wanted->size()) + ", found " + to_text(actual);
    for (std::size_t i = 0; i < wanted->size(); ++i)
      if (auto problem = difference((*found)[i], (*wanted)[i], rel, abs))
        return "[" + std::to_string(i) + "]: " + *problem;
    return std::nullopt;
  }
  if (const Object* wanted = expected.object()) {
    for (const Member& field : *wanted) {
      const Value* found = actual.find(field.key);
      if (found == nullptr && field.key == "status" && field.value == Value("ok")) continue;
      if (auto problem = difference(found == nullptr ? Value() : *found, field.value, rel, abs))
        return field.key + ": " + *problem + (refusal_without_test(actual) ? " (refused)" : "");
    }
    return std::nullopt;
  }
  if (actual == expected) return std::nullopt;
  return "expected " + to_text(expected) + ", found " + to_text(actual);
}

void check_vectors(const std::string& topic, const Operations& operations) {
  const auto path = shared("reference/statistics/" + topic + ".json");
  if (!path) return;
  const Result<Source> source = read_source(*path);
  REQUIRE(source);
  const Result<Value> file = parse_json(*source);
  REQUIRE(file);
  const Value& common = member(*file, "tolerance");
  std::int64_t count = 0;
  for (const Value& item : *member(*file, "cases").list()) {
    ++count;
    const std::string id = topic + " " + text(item, "id") + " " + text(item, "op");
    const auto operation = operations.find(text(item, "op"));
    if (operation == operations.end()) {
      FAIL_CHECK(id << ": no such operation");
      continue;
    }
    double rel = number(common, "rel"), abs = number(common, "abs");
    if (const Value* own = item.find("tol")) {
      rel = number_or(*own, "rel", rel);
      abs = number_or(*own, "abs", abs);
    }
    const Value actual = operation->second(member(item, "input"), member(item, "expected"));
    if (auto problem = difference(actual, member(item, "expected"), rel, abs))
      FAIL_CHECK(id << ": " << *problem);
  }
  CHECK(count == integer(*file, "count"));
}

const Value& member(const Value& input, std::string_view key) {
  const Value* found = input.find(key);
  if (found == nullptr) throw std::runtime_error("a vector lacks `" + std::string(key) + "`");
  return *found;
}

double number(const Value& input, std::string_view key) { return as_number(member(input, key)); }

double number_or(const Value& input, std::string_view key, double otherwise) {
  const Value* found = input.find(key);
  return found == nullptr ? otherwise : as_number(*found);
}

std::int64_t integer(const Value& input, std::string_view key) {
  const Value& value = member(input, key);
  if (const std::int64_t* whole = value.integer()) return *whole;
  return static_cast<std::int64_t>(value.number());
}

std::string text(const Value& input, std::string_view key) {
  const std::string* found = member(input, key).string();
  return found == nullptr ? std::string() : *found;
}

std::vector<double> numbers(const Value& list) {
  if (list.is_object()) return generated(list);
  std::vector<double> values;
  for (const Value& value : *list.list()) values.push_back(as_number(value));
  return values;
}

std::vector<double> numbers(const Value& input, std::string_view key) {
  return numbers(member(input, key));
}

Value list_of(const std::vector<double>& values) {
  List list;
  for (const double value : values) list.emplace_back(value);
  return list;
}

Value optional(const std::optional<double>& value) { return value ? Value(*value) : Value(); }

Value refused(const stats::Refusal& refusal) {
  Object object{
      {"status", name(refusal.status)},
      {"reason", refusal.code        }
  };
  if (refusal.index) object.add("index", static_cast<std::int64_t>(*refusal.index));
  return object;
}

}  // namespace llmops::test
