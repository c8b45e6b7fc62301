#pragma once
// The tokenizer files of a model folder, read but not yet understood.

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/text/result.h"
#include "datasets/text/value.h"
#include "evaluators/encoder/added_tokens.h"
#include "evaluators/encoder/model_config.h"

namespace llmops {

enum class TokenizerKind { wordpiece, roberta_bpe, deberta_bpe, xlm_roberta, deberta_unigram };

struct TokenizerFiles {
  std::filesystem::path folder;
  TokenizerKind kind = TokenizerKind::wordpiece;
  Value config;       // tokenizer_config.json; null: not there
  Value special_map;  // special_tokens_map.json
  Value added;        // added_tokens.json
  Value fast;         // tokenizer.json, read only where the slow tokenizer's own files are missing

  // A setting of tokenizer_config.json, nullptr where it is missing or null.
  const Value* setting(std::string_view key) const;
  bool flag(std::string_view key, bool otherwise) const;
  std::filesystem::path file(std::string_view name) const { return folder / name; }
};

Result<TokenizerFiles> read_tokenizer_files(const std::filesystem::path& folder, Family family);

// The special tokens by their role, as texts: from the settings, the map, or the class's own.
struct SpecialTokens {
  std::string first, last, pad, unknown, mask;
  std::vector<AddedToken> all;  // ids not yet known (-1), with the beginning and end of sequence
};
SpecialTokens special_tokens(const TokenizerFiles& files);

// Added tokens with the ids that the files give them (in the settings, added_tokens.json,
// tokenizer.json).
std::vector<AddedToken> listed_tokens(const TokenizerFiles& files);

// The vocabulary with its rules, from the slow tokenizer's files or from tokenizer.json.
Result<std::unique_ptr<TextModel>> read_text_model(const TokenizerFiles& files,
                                                   const SpecialTokens& special);

}  // namespace llmops
