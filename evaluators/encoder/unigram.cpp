#include "evaluators/encoder/unigram.h"

#include <fmt/format.h>
#include <sentencepiece_processor.h>

#include <array>

namespace llmops {
namespace {

constexpr std::array<std::string_view, 4> kFairseqTokens{"<s>", "<pad>", "</s>", "<unk>"};
constexpr TokenId kFairseqOffset = 1, kFairseqUnknown = 3;

class Unigram final : public TextModel {
 public:
  explicit Unigram(UnigramIds ids) : ids_(ids) {}

  sentencepiece::util::Status load(const std::string& model) {
    return library_.LoadFromSerializedProto(model);
  }

  // Through the pieces' texts, as the reference goes: a run of unknown characters is looked up
  // again.
  void append(std::string_view text, TokenIds& ids) const override {
    std::vector<std::string> pieces;
    if (!library_.Encode(text, &pieces).ok()) return;
    for (const std::string& piece : pieces) ids.push_back(id_of(piece));
  }

  std::optional<TokenId> find(std::string_view token) const override {
    if (ids_ == UnigramIds::fairseq) {
      if (token == "<mask>") return library_.GetPieceSize() + kFairseqOffset;
      const TokenId id = id_of(token);
      return id == kFairseqUnknown && token != kFairseqTokens[3] ? std::nullopt : std::optional(id);
    }
    const TokenId id = library_.PieceToId(token);
    return id == library_.unk_id() && token != library_.IdToPiece(id) ? std::nullopt
                                                                      : std::optional(id);
  }

  std::size_t size() const override {
    const auto pieces = static_cast<std::size_t>(library_.GetPieceSize());
    return ids_ == UnigramIds::fairseq ? pieces + kFairseqOffset + 1 : pieces;
  }
  TokenId highest_id() const override { return static_cast<TokenId>(size()) - 1; }

 private:
  TokenId id_of(std::string_view piece) const {
    const TokenId id = library_.PieceToId(piece);
    if (ids_ == UnigramIds::piece) return id;
    for (std::size_t i = 0; i < kFairseqTokens.size(); ++i)
      if (piece == kFairseqTokens[i]) return static_cast<TokenId>(i);
    return id == 0 ? kFairseqUnknown : id + kFairseqOffset;
  }

  sentencepiece::SentencePieceProcessor library_;
  UnigramIds ids_;
};

}  // namespace

Result<std::unique_ptr<TextModel>> make_unigram(const UnigramSpec& spec, UnigramIds ids,
                                                const std::string& file) {
  auto model = std::make_unique<Unigram>(ids);
  if (const auto status = model->load(serialise(spec)); !status.ok()) {
    Diagnostic found =
        problem(fmt::format("not a usable sentencepiece model: {}", status.error_message()));
    found.file = file;
    return found;
  }
  return std::unique_ptr<TextModel>(std::move(model));
}

}  // namespace llmops
