#pragma once
// Which records share an id, found over sorted hashes.

#include <cstdint>
#include <vector>

#include "datasets/text/external_sort.h"

namespace llmops {

// A record (by its 0-based number in the file) and the first one with the same id.
struct Repeat {
  std::uint64_t first = 0;
  std::uint64_t again = 0;
};

struct Repeats {
  SortedPairs occurrences;  // number of a record whose id was made -> which one of its equals it
                            // is, from 2 on
  std::vector<Repeat>
      given;  // ids that the file gives twice: the first `most` of them, in the order of the file
  std::uint64_t given_count = 0;
  std::vector<Repeat> equal;  // the first pair of equal records without id, if any
};

// The sort key of a record: its id's hash, its number, and whether the file gave the id.
Pair id_pair(std::uint64_t id_hash, std::uint64_t record, bool given);

Repeats find_repeats(const SortedPairs& ids, std::size_t most);

}  // namespace llmops
