#pragma once
// Parts of a dataset, chosen by a seed: the same rows on every machine.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/dataset.h"

namespace llmops {

// How `count` falls on strata of these sizes: in proportion, whole numbers by largest remainder
// (Hamilton), never more than a stratum holds; the earlier stratum wins a tie. `count` beyond the
// sum takes everything.
std::vector<std::uint64_t> allocate(std::span<const std::uint64_t> sizes, std::uint64_t count);

// The value of a case that puts it into a stratum or a cluster: the value of the tag with that key,
// else of the column (dotted path or JSON pointer), as text; `group`, `id` by name. "" where it has
// none.
std::string stratum_of(const Case& row, std::string_view key);

// Row numbers (0-based, in the order of the stream, ascending) of a random sample without
// replacement. With `by`, each stratum gives its share. A row's chance is the hash of seed and row
// number, so a sample of 100 contains the sample of 50 (without `by`). Memory: 16 bytes for each
// row chosen, and the strata; at most 100,000 of them, else std::runtime_error.
std::vector<std::uint64_t> sample_rows(const Dataset& dataset, std::uint64_t count,
                                       std::uint64_t seed, std::string_view by = "");

struct SplitPart {
  std::string name;
  double share = 0.0;  // of the whole; all shares sum to 1
};

// "train=0.8,test=0.2", "train=80,test=20" or "a,b" (equal shares). Names are distinct, shares
// above 0 and scaled to sum to 1.
Result<std::vector<SplitPart>> parse_split(std::string_view text);

// Index of the part that a key (an id, or a group so that clusters stay whole) falls into: its hash
// with the seed against the cumulated shares. Rows that are added later move no other row.
std::size_t split_part(std::string_view key, std::span<const SplitPart> parts, std::uint64_t seed);

// The key of a case: its group where it has one, else its id.
const std::string& split_key(const Case& row);

}  // namespace llmops
