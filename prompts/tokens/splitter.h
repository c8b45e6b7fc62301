#pragma once
// Cuts a text by a regular expression, as pre-tokenizers do.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/text/result.h"

namespace llmops {

class Splitter {
 public:
  enum class Behavior { isolated, removed, merged_with_previous, merged_with_next, contiguous };
  // The pattern has the syntax of Rust's or Python's `regex`. A problem where ICU cannot read it.
  static Result<Splitter> make(std::string_view pattern, Behavior behavior, bool invert = false);
  Splitter(Splitter&&) noexcept;
  Splitter& operator=(Splitter&&) noexcept;
  ~Splitter();

  // The pieces in order; empty ones are left out. Valid UTF-8 only.
  std::vector<std::string> split(const std::string& text) const;
  // Every match replaced by a text as it stands.
  std::string replaced(const std::string& text, const std::string& content) const;

 private:
  struct State;
  explicit Splitter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace llmops
