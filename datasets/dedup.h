#pragma once
// Cases that say the same thing.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/dataset.h"

namespace llmops {

enum class Sameness {
  exact,       // the same values
  normalised,  // ... after NFKC, case folding, without punctuation, white space as one blank
  near,        // a Jaccard similarity of word triples of at least `threshold`
};

struct DedupOptions {
  Sameness sameness = Sameness::exact;
  std::vector<std::string>
      columns;  // what is compared, dotted paths or JSON pointers; empty: every column but the id
  double threshold = 0.8;  // of `near`, in (0, 1]
};

struct Duplicate {
  std::uint64_t first = 0;  // 0-based number in the stream of the case that is kept
  std::uint64_t again = 0;  // of the one that repeats it
  std::size_t first_line = 0, again_line = 0;
  double similarity = 1.0;  // `near`: the Jaccard similarity of the two, computed exactly
};

// Each repeat once, in the order of the stream. A case is compared with those that are kept, so of
// a chain in which only neighbours are alike each second one stays. `near` finds its candidates by
// MinHash (Broder 1997): 128 permutations in 16 bands of 8, which meets a pair of similarity 0.8
// with probability 0.95, one of 0.9 with 0.9999 and one of 0.5 with 0.06; no pair below the
// threshold is ever reported. Memory: hashes are sorted in temporary files; `near` keeps 8 bytes a
// case and a temporary file of the size of the texts.
std::vector<Duplicate> find_duplicates(const Dataset& dataset, const DedupOptions& options);

// What is compared where nothing is named: the columns of the file but the id.
std::vector<std::string> content_columns(const Dataset& dataset);

// A text as `normalised` compares it.
std::string normalised_text(std::string_view text);

// |A ∩ B| / |A ∪ B| over the triples of words of two normalised texts (a text of fewer words counts
// as one piece); 1 for two empty texts.
double jaccard(std::string_view a, std::string_view b);

}  // namespace llmops
