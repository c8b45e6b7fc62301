#pragma once
// What a statistic gives back: a value, or the reason why there is none. An undefined number is
// never NaN.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace llmops::stats {

enum class Status {
  ok,
  not_testable,   // well-formed input from which nothing can be inferred
  invalid_input,  // input that no sound caller hands over: NaN, out of range, lengths that differ
};

// "ok", "not_testable" or "invalid_input".
std::string_view name(Status status);

struct Refusal {
  Status status = Status::not_testable;
  std::string_view code;             // stable, e.g. "zero_variance"; refers to a literal
  std::string sentence;              // for people, without a full stop
  std::optional<std::size_t> index;  // 0-based position of the offending value
};

Refusal not_testable(std::string_view code, std::string sentence);
Refusal invalid_input(std::string_view code, std::string sentence,
                      std::optional<std::size_t> index = std::nullopt);

template <class T>
class Tested {
 public:
  Tested(T value) : state_(std::move(value)) {}
  Tested(Refusal refusal) : state_(std::move(refusal)) {}

  explicit operator bool() const { return std::holds_alternative<T>(state_); }
  Status status() const { return *this ? Status::ok : refusal().status; }

  // The value; std::bad_variant_access where there is none.
  const T& operator*() const { return std::get<T>(state_); }
  const T* operator->() const { return &std::get<T>(state_); }
  // Why there is no value; std::bad_variant_access where there is one.
  const Refusal& refusal() const { return std::get<Refusal>(state_); }

 private:
  std::variant<T, Refusal> state_;
};

// A range of plausible values; both ends belong to it.
struct Interval {
  double lower = 0.0;
  double upper = 0.0;
};

}  // namespace llmops::stats
