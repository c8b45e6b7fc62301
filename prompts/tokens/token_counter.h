#pragma once
// How many tokens a text has, without asking a server.

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "datasets/text/result.h"

namespace llmops {

class TokenCounter {
 public:
  virtual ~TokenCounter() = default;
  // Tokens of a text alone: no begin or end tokens, no chat template. Broken UTF-8 counts as
  // U+FFFD. Thread-safe.
  virtual std::size_t count(std::string_view text) const = 0;
  // What counts, for reports: "tokenizer.json, BPE of 50257 tokens", "estimate".
  virtual std::string name() const = 0;
  virtual bool estimated() const { return false; }
};

// Reads a tokenizer: `tokenizer.json` (BPE, WordPiece or Unigram), `*.tiktoken` ranks (r50k, p50k,
// cl100k and o200k are told apart by their size), a sentencepiece `*.model`, or a folder that holds
// one of them. Problems: nothing of that kind there, a broken file, a kind of pre-tokenizer that is
// not known.
Result<std::unique_ptr<const TokenCounter>> load_token_counter(const std::filesystem::path& path);

// An estimate for models whose tokenizer is not at hand: within some 20% for prose and code of the
// usual byte-pair vocabularies.
const TokenCounter& token_estimate();

}  // namespace llmops
