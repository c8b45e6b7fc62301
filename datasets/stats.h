#pragma once
// What a dataset holds, in numbers.

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <unordered_set>
#include <vector>

#include "datasets/dataset.h"

namespace llmops {

// Lengths of texts in characters (code points). Quantiles come from a histogram: exact below 256,
// within 1% above.
class Lengths {
 public:
  void add(std::uint64_t length);
  std::uint64_t count() const { return count_; }
  std::uint64_t total() const { return total_; }
  std::uint64_t smallest() const { return smallest_; }
  std::uint64_t largest() const { return largest_; }
  double mean() const {
    return count_ == 0 ? 0.0 : static_cast<double>(total_) / static_cast<double>(count_);
  }
  // The smallest length that at least the share `p` of all texts does not exceed; 0 without texts.
  std::uint64_t quantile(double p) const;

 private:
  std::map<std::uint32_t, std::uint64_t> buckets_;
  std::uint64_t count_ = 0, total_ = 0, smallest_ = 0, largest_ = 0;
};

struct ColumnStats {
  std::string name;
  std::uint64_t rows = 0;  // that have the column, null or not
  std::uint64_t nulls = 0;
  std::uint64_t empty = 0;                          // texts and lists without content
  std::map<std::string_view, std::uint64_t> kinds;  // "text", "number", ...
  std::uint64_t distinct = 0;
  bool more_distinct = false;  // counting stopped at `distinct` (10,000)
  Lengths lengths;             // of texts
};

struct DatasetStats {
  DatasetInfo info;
  std::uint64_t with_reference = 0;
  std::uint64_t references = 0;
  std::uint64_t with_context = 0;
  Lengths reference_lengths;
  std::map<std::string, std::map<std::string, std::uint64_t>>
      tags;                   // key -> value -> cases; "…" gathers values
                              // beyond the first 1,000 of a key
  std::uint64_t grouped = 0;  // cases in a group
  std::uint64_t groups = 0;   // distinct ones
  std::uint64_t largest_group = 0;
  double weight = 0.0;  // sum
  std::vector<ColumnStats> columns;
};

// One pass over the set. Memory: the columns (up to 10,000 distinct values are told apart in each,
// 8 bytes a value), the tags, and 16 bytes a group.
Result<DatasetStats> dataset_stats(const DatasetSpec& spec);

// For --json: cases columns[{name rows nulls empty kinds distinct distinct_at_least length{min mean
// p50 p95 max}}] ...
Value to_value(const DatasetStats& stats);

}  // namespace llmops
