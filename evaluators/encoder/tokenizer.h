#pragma once
// Text to token ids as bert_score 0.3.13 feeds them to the encoder: the slow tokenizers of
// transformers 4.42, special tokens added, cut to the longest text that the model takes.

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/text/result.h"
#include "evaluators/encoder/added_tokens.h"
#include "evaluators/encoder/model_config.h"
#include "evaluators/encoder/text_model.h"

namespace llmops {

struct TokenizerOptions {
  // A space before the text (byte-level BPE only). Absent: yes for RoBERTa, no for DeBERTa, as
  // bert_score's Python interface has it; its command line has no space for either.
  std::optional<bool> prefix_space;
};

// The five tokens by their role.
struct SpecialIds {
  TokenId first = 0;  // [CLS], <s>
  TokenId last = 0;   // [SEP], </s>
  TokenId pad = 0;
  TokenId unknown = 0;
  TokenId mask = 0;
};

class Tokenizer {
 public:
  // Reads the tokenizer files of a model folder. Problems: files that are missing or broken, ids
  // that the model's embedding table has no row for.
  static Result<std::unique_ptr<const Tokenizer>> open(const std::filesystem::path& folder,
                                                       const ModelConfig& config,
                                                       const TokenizerOptions& options = {});

  struct Parts {
    std::unique_ptr<TextModel> model;
    AddedTokens added;
    SpecialIds special;
    bool prefix_space = false;
    bool lower = false;  // everything but special tokens, before all else
    bool cut_left = false;
    std::size_t longest = 0;  // tokens, special ones included; 0: any
  };
  explicit Tokenizer(Parts parts) : parts_(std::move(parts)) {}

  // Two ids at least: first and last. Broken UTF-8 counts as U+FFFD. Thread-safe.
  TokenIds encode(std::string_view text) const;
  const SpecialIds& special() const { return parts_.special; }
  std::size_t longest() const { return parts_.longest; }

 private:
  Parts parts_;
};

}  // namespace llmops
