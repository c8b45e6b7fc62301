#include "prompts/tokens/models.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>

#include "datasets/text/utf8.h"
#include "prompts/template/python.h"
#include "prompts/tokens/byte_pairs.h"

namespace llmops {
namespace {

std::string text_of(const Value& value, std::string_view key) {
  const Value* found = value.find(key);
  return found != nullptr && found->string() != nullptr ? *found->string() : "";
}

bool flag(const Value& value, std::string_view key) {
  const Value* found = value.find(key);
  return found != nullptr && found->boolean() != nullptr && *found->boolean();
}

// GPT-2 writes bytes that do not print as the letters from U+0100 on, in the order of the bytes.
class Disguise {
 public:
  Disguise() {
    char32_t next = 0x100;
    for (unsigned byte = 0; byte < 256; ++byte) {
      const bool prints =
          (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
      const char32_t letter = prints ? byte : next++;
      bytes_[letter] = static_cast<int>(byte) + 1;
    }
  }
  // The bytes behind a token; the token itself where it is not in disguise (a special token).
  std::string bytes(const std::string& token) const {
    std::string out;
    for (const char32_t c : decode_utf8(token)) {
      if (c >= bytes_.size() || bytes_[c] == 0) return token;
      out += static_cast<char>(bytes_[c] - 1);
    }
    return out;
  }

 private:
  std::array<int, 0x200> bytes_ = {};  // byte + 1; 0: none
};

class BytePairModel final : public WordModel {
 public:
  BytePairModel(BytePairs pairs, bool byte_level, bool byte_fallback)
      : pairs_(std::move(pairs)), byte_level_(byte_level), byte_fallback_(byte_fallback) {}
  std::size_t count(std::string_view word) const override {
    if (byte_level_) return pairs_.count_bytes(word);
    return pairs_.count(word, python::characters(word), [this](std::string_view symbol) {
      return byte_fallback_ ? symbol.size() : 1;
    });
  }
  std::size_t size() const override { return pairs_.size(); }

 private:
  BytePairs pairs_;
  bool byte_level_;
  bool byte_fallback_;
};

Result<std::unique_ptr<const WordModel>> byte_pair_model(const Value& model, bool byte_level) {
  const Value* vocabulary = model.find("vocab");
  const Value* merges = model.find("merges");
  if (vocabulary == nullptr || !vocabulary->is_object() || merges == nullptr || !merges->is_list())
    return problem("the BPE model has no `vocab` and `merges`");
  const Disguise disguise;
  const auto bytes = [&](const std::string& token) {
    return byte_level ? disguise.bytes(token) : token;
  };
  TokenIds tokens;
  std::int32_t next = 0;
  for (const Member& member : *vocabulary->object()) {
    if (!member.value.is_integer())
      return problem(fmt::format("the token `{}` has no number", member.key));
    tokens.emplace(bytes(member.key),
                   next++);  // numbers of our own: two tokens may share one in the file
  }
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const Value& merge : *merges->list()) {
    const List* both = merge.list();
    if (both != nullptr && both->size() == 2 && (*both)[0].is_string() && (*both)[1].is_string()) {
      pairs.emplace_back(bytes(*(*both)[0].string()), bytes(*(*both)[1].string()));
      continue;
    }
    const std::size_t blank = merge.is_string() ? merge.string()->find(' ', 1) : std::string::npos;
    if (blank == std::string::npos) return problem("a merge is no pair of tokens");
    pairs.emplace_back(bytes(merge.string()->substr(0, blank)),
                       bytes(merge.string()->substr(blank + 1)));
  }
  return std::unique_ptr<const WordModel>(std::make_unique<BytePairModel>(
      BytePairs::by_list(std::move(tokens), pairs, flag(model, "ignore_merges")), byte_level,
      flag(model, "byte_fallback")));
}

// The longest piece first, from the left (Schuster and Nakajima 2012).
class WordPieceModel final : public WordModel {
 public:
  WordPieceModel(TokenIds tokens, std::string prefix, std::size_t longest)
      : tokens_(std::move(tokens)), prefix_(std::move(prefix)), longest_word_(longest) {
    for (const auto& [token, id] : tokens_) longest_token_ = std::max(longest_token_, token.size());
  }
  std::size_t count(std::string_view word) const override {
    if (python::characters(word).size() > longest_word_) return 1;
    std::size_t pieces = 0;
    std::string piece;
    for (std::size_t at = 0; at < word.size(); ++pieces) {
      std::size_t end = std::min(word.size(), at + longest_token_);
      for (; end > at; --end) {
        if (end < word.size() && (static_cast<unsigned char>(word[end]) & 0xC0) == 0x80) continue;
        piece = (at > 0 ? prefix_ : "") + std::string(word.substr(at, end - at));
        if (tokens_.find(piece) != tokens_.end()) break;
      }
      if (end == at) return 1;  // the whole word is unknown
      at = end;
    }
    return pieces;
  }
  std::size_t size() const override { return tokens_.size(); }

 private:
  TokenIds tokens_;
  std::string prefix_;
  std::size_t longest_word_;
  std::size_t longest_token_ = 0;
};

// The cut with the greatest sum of scores (Kudo 2018).
class UnigramModel final : public WordModel {
 public:
  UnigramModel(std::unordered_map<std::string, double, TextHash, std::equal_to<>> scores,
               bool byte_fallback)
      : scores_(std::move(scores)), byte_fallback_(byte_fallback) {
    for (const auto& [token, score] : scores_) {
      longest_ = std::max(longest_, token.size());
      lowest_ = std::min(lowest_, score);
    }
  }
  std::size_t count(std::string_view word) const override {
    constexpr double kUnknownPenalty = 10;  // below the lowest score, as sentencepiece has it
    struct Best {
      double score = -std::numeric_limits<double>::infinity();
      std::size_t tokens = 0;
      bool unknown = false;
    };
    std::vector<Best> best(word.size() + 1);
    best[0].score = 0;
    std::size_t at = 0;
    for (const std::string_view character : python::characters(word)) {
      const Best from = best[at];
      const auto offer = [&](std::size_t end, double score, std::size_t tokens, bool unknown) {
        if (from.score + score > best[end].score)
          best[end] = {from.score + score, from.tokens + tokens, unknown};
      };
      bool single = false;
      for (std::size_t length = 1; length <= longest_ && at + length <= word.size(); ++length) {
        const auto found = scores_.find(word.substr(at, length));
        if (found == scores_.end()) continue;
        offer(at + length, found->second, 1, false);
        single = single || length == character.size();
      }
      // Unknown characters side by side are one token, or each its bytes.
      if (!single)
        offer(at + character.size(), lowest_ - kUnknownPenalty,
              byte_fallback_ ? character.size()
              : from.unknown ? 0
                             : 1,
              !byte_fallback_);
      at += character.size();
    }
    return best[word.size()].tokens;
  }
  std::size_t size() const override { return scores_.size(); }

 private:
  std::unordered_map<std::string, double, TextHash, std::equal_to<>> scores_;
  bool byte_fallback_;
  std::size_t longest_ = 0;
  double lowest_ = 0;
};

Result<std::unique_ptr<const WordModel>> word_piece_model(const Value& model) {
  const Value* vocabulary = model.find("vocab");
  if (vocabulary == nullptr || !vocabulary->is_object())
    return problem("the WordPiece model has no `vocab`");
  TokenIds tokens;
  for (const Member& member : *vocabulary->object()) tokens.emplace(member.key, 0);
  const Value* longest = model.find("max_input_chars_per_word");
  const std::size_t most = longest != nullptr && longest->is_integer() && *longest->integer() > 0
                               ? static_cast<std::size_t>(*longest->integer())
                               : 100;
  const std::string prefix = model.find("continuing_subword_prefix") == nullptr
                                 ? "##"
                                 : text_of(model, "continuing_subword_prefix");
  return std::unique_ptr<const WordModel>(
      std::make_unique<WordPieceModel>(std::move(tokens), prefix, most));
}

Result<std::unique_ptr<const WordModel>> unigram_model(const Value& model) {
  const Value* vocabulary = model.find("vocab");
  if (vocabulary == nullptr || !vocabulary->is_list())
    return problem("the Unigram model has no `vocab`");
  const Value* unknown = model.find("unk_id");
  std::unordered_map<std::string, double, TextHash, std::equal_to<>> scores;
  std::int64_t id = -1;
  for (const Value& entry : *vocabulary->list()) {
    ++id;
    const List* both = entry.list();
    if (both == nullptr || both->size() != 2 || !(*both)[0].is_string() || !(*both)[1].is_number())
      return problem("an entry of `vocab` is no token with its score");
    if (unknown != nullptr && unknown->is_integer() && *unknown->integer() == id) continue;
    scores.emplace(*(*both)[0].string(), (*both)[1].number());
  }
  return std::unique_ptr<const WordModel>(
      std::make_unique<UnigramModel>(std::move(scores), flag(model, "byte_fallback")));
}

}  // namespace

Result<std::unique_ptr<const WordModel>> read_word_model(const Value& model, bool byte_level) {
  std::string type = text_of(model, "type");
  if (type.empty() && model.find("merges") != nullptr) type = "BPE";  // older files name no type
  if (type == "BPE") return byte_pair_model(model, byte_level);
  if (type == "WordPiece") return word_piece_model(model);
  if (type == "Unigram") return unigram_model(model);
  return problem(fmt::format("the model `{}` is not known", type),
                 "expected one of: BPE, Unigram, WordPiece");
}

}  // namespace llmops
