#include <fmt/format.h>
#include <sentencepiece_processor.h>

#include "datasets/text/utf8.h"
#include "prompts/tokens/readers.h"

namespace llmops {
namespace {

class SentencePieces final : public TokenCounter {
 public:
  explicit SentencePieces(std::string name) : name_(std::move(name)) {}

  bool load(std::string_view content) {
    return processor_.LoadFromSerializedProto({content.data(), content.size()}).ok();
  }

  std::size_t count(std::string_view text) const override {
    std::vector<int> ids;
    const std::string repaired = repair_utf8(text);
    if (!processor_.Encode(repaired, &ids).ok()) return 0;
    return ids.size();
  }
  std::string name() const override {
    return fmt::format("{}, sentencepiece of {} tokens", name_, processor_.GetPieceSize());
  }

 private:
  sentencepiece::SentencePieceProcessor processor_;
  std::string name_;
};

}  // namespace

Result<std::unique_ptr<const TokenCounter>> read_sentencepiece_counter(std::string_view content,
                                                                       const std::string& name) {
  auto made = std::make_unique<SentencePieces>(name);
  if (content.empty() || !made->load(content)) return problem("this is no sentencepiece model");
  return std::unique_ptr<const TokenCounter>(std::move(made));
}

}  // namespace llmops
