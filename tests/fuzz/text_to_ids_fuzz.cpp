// Any text through WordPiece, byte-level BPE and unigram with small vocabularies.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "evaluators/encoder/byte_bpe.h"
#include "evaluators/encoder/tokenizer.h"
#include "evaluators/encoder/unigram.h"
#include "evaluators/encoder/wordpiece.h"

namespace llmops {
namespace {

std::unique_ptr<const Tokenizer> tokenizer_of(std::unique_ptr<TextModel> model, bool lower) {
  Tokenizer::Parts parts;
  parts.model = std::move(model);
  parts.added.add({.text = "[MASK]", .id = 5, .strips_left = true});
  parts.added.add({.text = "<w>", .id = 6, .single_word = true});
  parts.special = {1, 2, 0, 3, 5};
  parts.lower = lower;
  parts.longest = 64;
  return std::make_unique<const Tokenizer>(std::move(parts));
}

TokenVocabulary small_vocabulary() {
  TokenVocabulary vocabulary;
  TokenId id = 0;
  for (const char* token :
       {"[PAD]", "[CLS]", "[SEP]", "[UNK]", "a", "##b", "ab", "!", "e", "\u4e2d"})
    vocabulary.set(token, id++);
  return vocabulary;
}

}  // namespace
}  // namespace llmops

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace llmops;
  static const auto wordpiece = tokenizer_of(make_wordpiece(small_vocabulary(), {}), true);
  static const auto bpe = tokenizer_of(make_byte_bpe(small_vocabulary(),
                                                     {
                                                         {"a",  "b" },
                                                         {"ab", "ab"}
  },
                                                     3),
                                       false);
  static const auto unigram = [] {
    UnigramSpec spec;
    spec.pieces = {
        {"<unk>",  0.0F,  PieceType::unknown},
        {"\u2581", -1.0F, PieceType::normal },
        {"a",      -2.0F, PieceType::normal },
        {"ab",     -3.0F, PieceType::normal }
    };
    return tokenizer_of(std::move(*make_unigram(spec, UnigramIds::fairseq, "fuzz")), false);
  }();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const Tokenizer* tokenizer : {wordpiece.get(), bpe.get(), unigram.get()}) {
    const TokenIds ids = tokenizer->encode(text);
    if (ids.size() < 2 || ids.size() > 64 || ids.front() != 1 || ids.back() != 2) std::abort();
  }
  return 0;
}
