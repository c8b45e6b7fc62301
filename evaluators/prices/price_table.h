#pragma once
// Prices by the name of a model, with the date on which they were read.

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "datasets/text/result.h"
#include "evaluators/prices/price.h"

namespace llmops {

class PriceTable {
 public:
  // The table that the program carries (prices.yaml).
  static PriceTable builtin();
  // A file in the same format, instead of it.
  static Result<PriceTable> load(const std::filesystem::path& file);
  static Result<PriceTable> read(const Source& source);

  // By name, without a vendor's prefix ("openai/"), also for a dated version of a name
  // ("gpt-4o-2024-08-06", "...-latest"); nullptr where it is not listed.
  const Price* find(std::string_view model) const;
  const std::string& as_of() const { return as_of_; }
  // "the built-in prices of 2025-11-01", "prices.yaml of 2026-01-01"
  const std::string& origin() const { return origin_; }

 private:
  std::vector<std::pair<std::string, Price>> models_;
  std::string as_of_, origin_;
};

// The text of prices.yaml.
std::string_view builtin_prices();

}  // namespace llmops
