#pragma once
// A value, or every problem that kept it from being made; a value may come with warnings.

#include <optional>
#include <utility>

#include "datasets/text/diagnostic.h"

namespace llmops {

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}
  Result(T value, Diagnostics warnings) : value_(std::move(value)), problems_(std::move(warnings)) {}
  Result(Diagnostics problems) : problems_(std::move(problems)) {}
  Result(Diagnostic problem) { problems_.push_back(std::move(problem)); }

  explicit operator bool() const { return value_.has_value(); }
  const T& operator*() const& { return *value_; }
  T& operator*() & { return *value_; }
  T&& operator*() && { return *std::move(value_); }
  const T* operator->() const { return &*value_; }
  T* operator->() { return &*value_; }

  // Errors where there is no value, else warnings and notes.
  const Diagnostics& problems() const { return problems_; }

 private:
  std::optional<T> value_;
  Diagnostics problems_;
};

}  // namespace llmops
