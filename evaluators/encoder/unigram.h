#pragma once
// SentencePiece unigram models as the slow tokenizers of transformers 4.42 use them.

#include <memory>
#include <string>

#include "datasets/text/result.h"
#include "evaluators/encoder/sentencepiece_file.h"
#include "evaluators/encoder/text_model.h"

namespace llmops {

enum class UnigramIds {
  piece,    // ids are the pieces' places (DeBERTa)
  fairseq,  // <s> 0, <pad> 1, </s> 2, <unk> 3, then place + 1, <mask> last (XLM-R)
};

Result<std::unique_ptr<TextModel>> make_unigram(const UnigramSpec& spec, UnigramIds ids,
                                                const std::string& file);

}  // namespace llmops
