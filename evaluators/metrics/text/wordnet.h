#pragma once
// Synonyms from a WordNet 3.0 database (Miller 1995; Debian's package `wordnet-base`), as nltk 3.8
// reads it.

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/text/result.h"

namespace llmops {

class MappedFile;

class WordNet {
 public:
  // Where Debian puts it.
  static constexpr const char* kUsualFolder = "/usr/share/wordnet";
  // A folder with index.*, data.* and *.exc of the four parts of speech. Its files are mapped, not
  // read.
  static Result<std::shared_ptr<const WordNet>> open(const std::filesystem::path& folder);

  // The lemmas of every synset that `word` (lower case) is in, in any part of speech, by itself or
  // through its base forms (`morphy`: endings and exceptions); those of several words are left out.
  // As they are written: "Christmas" keeps its capital. Sorted, each once. Two binary searches a
  // form; thread-safe.
  std::vector<std::string> synonyms(std::string_view word) const;

 private:
  struct Part {
    std::shared_ptr<const MappedFile> index, data, exceptions;
  };
  std::vector<std::string> base_forms(std::string_view word, std::size_t part) const;
  std::vector<Part> parts_;  // nouns, verbs, adjectives, adverbs
};

}  // namespace llmops
