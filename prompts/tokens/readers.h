#pragma once
// One reader for each kind of tokenizer file.

#include <memory>
#include <string>
#include <string_view>

#include "datasets/text/result.h"
#include "datasets/text/source.h"
#include "prompts/tokens/token_counter.h"

namespace llmops {

Result<std::unique_ptr<const TokenCounter>> read_tiktoken(const Source& source);
Result<std::unique_ptr<const TokenCounter>> read_sentencepiece_counter(std::string_view content,
                                                                       const std::string& name);
Result<std::unique_ptr<const TokenCounter>> read_tokenizer_json(const Value& value,
                                                                const std::string& name);

}  // namespace llmops
