#pragma once
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace llmops {

class WordNet;

struct MeteorOptions {
  double alpha = 0.9;                      // weight of recall
  double beta = 3.0;                       // exponent of the fragmentation
  double gamma = 0.5;                      // largest penalty
  std::shared_ptr<const WordNet> wordnet;  // null: no synonyms
};

struct MeteorMatch {
  std::size_t matches = 0, chunks = 0;
};

// Words (lower case, split at white space) of both sides that match: first equal ones, then those
// with equal stems, then those whose stems are synonyms; greedy from the end, as nltk 3.8 does it.
// Chunks are runs of neighbours on both sides.
MeteorMatch meteor_match(std::string_view hypothesis, std::string_view reference,
                         const WordNet* wordnet = nullptr);

// In [0, 1]; 0 without a match. The best of the references. O(n + m) words, and for each word that
// is left for the last stage its synonyms.
double meteor(std::string_view hypothesis, std::span<const std::string> references,
              const MeteorOptions& options);

}  // namespace llmops
