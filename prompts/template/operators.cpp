#include "prompts/template/operators.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "prompts/template/python.h"

namespace llmops::jinja {
namespace {

std::string_view symbol(Operator op) {
  switch (op) {
    case Operator::add:
      return "+";
    case Operator::subtract:
      return "-";
    case Operator::multiply:
      return "*";
    case Operator::divide:
      return "/";
    case Operator::floor_divide:
      return "//";
    case Operator::modulo:
      return "%";
    case Operator::power:
      return "**";
    case Operator::equal:
      return "==";
    case Operator::not_equal:
      return "!=";
    case Operator::less:
      return "<";
    case Operator::less_equal:
      return "<=";
    case Operator::greater:
      return ">";
    case Operator::greater_equal:
      return ">=";
    case Operator::in:
      return "in";
    case Operator::not_in:
      break;
  }
  return "not in";
}

[[noreturn]] void refuse(Operator op, const Value& left, const Value& right) {
  std::string help;
  if (op == Operator::add && (left.is_string() || right.is_string()))
    help = "`~` joins texts and numbers";
  throw Refusal{
      fmt::format("`{}` does not work on a {} and a {}", symbol(op), left.kind(), right.kind()), "",
      help};
}

[[noreturn]] void overflow() { throw Refusal{"the number grows beyond 64 bits", "", ""}; }

// A result of floating point that is a number, or a refusal.
Value real(double number) {
  if (!std::isfinite(number)) throw Refusal{"the result is not a finite number", "", ""};
  return number;
}

Value integers(Operator op, std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  switch (op) {
    case Operator::add:
      if (__builtin_add_overflow(a, b, &result)) overflow();
      return result;
    case Operator::subtract:
      if (__builtin_sub_overflow(a, b, &result)) overflow();
      return result;
    case Operator::multiply:
      if (__builtin_mul_overflow(a, b, &result)) overflow();
      return result;
    case Operator::power: {
      if (b < 0)
        return a == 0 ? throw Refusal{"division by zero", "", ""}
                      : real(std::pow(static_cast<double>(a), static_cast<double>(b)));
      result = 1;
      for (std::int64_t i = 0; i < b && result != 0 && !(result == 1 && a == 1); ++i) {
        if (a == -1) return std::int64_t{b % 2 == 0 ? 1 : -1};
        if (__builtin_mul_overflow(result, a, &result)) overflow();
      }
      return result;
    }
    default:
      break;
  }
  if (b == 0) throw Refusal{"division by zero", "", ""};
  if (op == Operator::divide) return static_cast<double>(a) / static_cast<double>(b);
  if (b == -1) {  // the one quotient that overflows
    if (op == Operator::modulo) return std::int64_t{0};
    if (__builtin_sub_overflow(std::int64_t{0}, a, &result)) overflow();
    return result;
  }
  const std::int64_t remainder = a % b;
  const bool adjust = remainder != 0 && (remainder < 0) != (b < 0);
  if (op == Operator::modulo) return adjust ? remainder + b : remainder;
  return a / b - (adjust ? 1 : 0);
}

Value reals(Operator op, double a, double b) {
  switch (op) {
    case Operator::add:
      return real(a + b);
    case Operator::subtract:
      return real(a - b);
    case Operator::multiply:
      return real(a * b);
    case Operator::power:
      return real(std::pow(a, b));
    default:
      break;
  }
  if (b == 0) throw Refusal{"division by zero", "", ""};
  if (op == Operator::divide) return real(a / b);
  // CPython's float_divmod.
  double remainder = std::fmod(a, b);
  double quotient = (a - remainder) / b;
  if (remainder != 0) {
    if ((b < 0) != (remainder < 0)) {
      remainder += b;
      quotient -= 1;
    }
  } else {
    remainder = std::copysign(0.0, b);
  }
  if (op == Operator::modulo) return real(remainder);
  double whole = std::floor(quotient);
  if (quotient - whole > 0.5) whole += 1;
  return real(quotient != 0 ? whole : std::copysign(0.0, a / b));
}

Value repeated(const Value& value, std::int64_t count, Budget& budget) {
  const auto times = static_cast<std::size_t>(std::max<std::int64_t>(count, 0));
  if (const std::string* text = value.string()) {
    if (!text->empty() && times > kLongestOutput / text->size()) Budget::text(kLongestOutput + 1);
    std::string out;
    out.reserve(text->size() * times);
    for (std::size_t i = 0; i < times && !text->empty(); ++i) out += *text;
    budget.copy(out.size() / 32);
    return out;
  }
  const List& items = *value.list();
  List out;
  const std::size_t weight = python::weight(value);
  for (std::size_t i = 0; i < times && !items.empty(); ++i) {
    budget.copy(weight);
    out.insert(out.end(), items.begin(), items.end());
  }
  return out;
}

}  // namespace

Value calculate(Operator op, const Value& left, const Value& right, Budget& budget) {
  if (python::is_numeric(left) && python::is_numeric(right)) {
    const auto a = python::as_integer(left);
    const auto b = python::as_integer(right);
    return a && b ? integers(op, *a, *b)
                  : reals(op, python::as_double(left), python::as_double(right));
  }
  if (op == Operator::add && left.is_string() && right.is_string()) {
    Budget::text(left.string()->size() + right.string()->size());
    budget.copy((left.string()->size() + right.string()->size()) / 32);
    return *left.string() + *right.string();
  }
  if (op == Operator::add && left.is_list() && right.is_list()) {
    budget.copy(python::weight(left) + python::weight(right));
    List both = *left.list();
    both.insert(both.end(), right.list()->begin(), right.list()->end());
    return both;
  }
  if (op == Operator::multiply) {
    const auto sequence = [](const Value& value) { return value.is_string() || value.is_list(); };
    if (const auto count = python::as_integer(right); count && sequence(left))
      return repeated(left, *count, budget);
    if (const auto count = python::as_integer(left); count && sequence(right))
      return repeated(right, *count, budget);
  }
  refuse(op, left, right);
}

Value negative(const Value& value) {
  if (const auto whole = python::as_integer(value)) return integers(Operator::subtract, 0, *whole);
  if (value.is_number()) return -value.number();
  throw Refusal{fmt::format("a {} has no negative", value.kind()), "expected a number", ""};
}

bool related(Operator op, const Value& left, const Value& right) {
  switch (op) {
    case Operator::equal:
      return python::equal(left, right);
    case Operator::not_equal:
      return !python::equal(left, right);
    case Operator::in:
      return contains(right, left);
    case Operator::not_in:
      return !contains(right, left);
    default:
      break;
  }
  const auto order = python::order(left, right);
  if (!order) refuse(op, left, right);
  switch (op) {
    case Operator::less:
      return *order < 0;
    case Operator::less_equal:
      return *order <= 0;
    case Operator::greater:
      return *order > 0;
    default:
      return *order >= 0;
  }
}

Value sliced(const Value& base, std::optional<std::int64_t> start, std::optional<std::int64_t> stop,
             std::optional<std::int64_t> step, Budget& budget) {
  std::vector<std::string_view> characters;
  if (const std::string* text = base.string())
    characters = python::characters(*text);
  else if (!base.is_list())
    throw Refusal{fmt::format("a {} has no slices", base.kind()), "expected a list or a text", ""};
  const std::int64_t stride = step.value_or(1);
  if (stride == 0) throw Refusal{"the step of a slice is zero", "", ""};
  const auto size =
      static_cast<std::int64_t>(base.is_list() ? base.list()->size() : characters.size());
  budget.step(static_cast<std::size_t>(size));
  // PySlice_AdjustIndices.
  const std::int64_t low = stride < 0 ? -1 : 0;
  const std::int64_t high = stride < 0 ? size - 1 : size;
  const auto bound = [&](std::optional<std::int64_t> given, std::int64_t otherwise) {
    if (!given) return otherwise;
    const std::int64_t at = *given < 0 ? (*given < -size ? -1 - size : *given) + size : *given;
    return std::clamp(at, low, high);
  };
  const std::int64_t from = bound(start, stride < 0 ? high : low);
  const std::int64_t to = bound(stop, stride < 0 ? low : high);
  List items;
  std::string text;
  for (std::int64_t i = from; stride < 0 ? i > to : i < to;) {
    if (base.is_list()) {
      const Value& item = (*base.list())[static_cast<std::size_t>(i)];
      budget.copy(python::weight(item));
      items.push_back(item);
    } else {
      text += characters[static_cast<std::size_t>(i)];
    }
    if (__builtin_add_overflow(i, stride, &i)) break;
  }
  if (base.is_list()) return items;
  return text;
}

Value make_range(Arguments arguments, Budget& budget) {
  std::int64_t numbers[3] = {0, 0, 1};
  for (std::size_t i = 0; i < 3; ++i) {
    if (arguments[i] == nullptr) continue;
    const auto whole = python::as_integer(*arguments[i]);
    if (!whole)
      throw Refusal{fmt::format("`range` is given a {}", arguments[i]->kind()),
                    "expected whole numbers", ""};
    numbers[i] = *whole;
  }
  if (arguments[1] == nullptr) {
    numbers[1] = numbers[0];
    numbers[0] = 0;
  }
  const auto [start, stop, step] = numbers;
  if (step == 0) throw Refusal{"the step of `range` is zero", "", ""};
  List out;
  for (std::int64_t i = start; step < 0 ? i > stop : i < stop;) {
    constexpr std::size_t kMostNumbers = 100'000;  // as Jinja2's sandbox
    if (out.size() == kMostNumbers) throw Refusal{"`range` gives more than 100000 numbers", "", ""};
    out.emplace_back(i);
    if (__builtin_add_overflow(i, step, &i)) break;
  }
  budget.copy(out.size());
  return out;
}

}  // namespace llmops::jinja
