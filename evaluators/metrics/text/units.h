#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "evaluators/metrics/text/vocabulary.h"

namespace llmops {

// What a comparison counts: code points, or pieces between white space.
enum class Unit { characters, words };

std::string_view name(Unit unit);

// Texts as numbers that are equal where the units are equal. Not thread-safe; texts that words came
// from must outlive it.
class UnitIds {
 public:
  explicit UnitIds(Unit unit) : unit_(unit) {}
  std::vector<std::uint32_t> of(std::string_view text);

 private:
  Unit unit_;
  Vocabulary vocabulary_;
};

}  // namespace llmops
