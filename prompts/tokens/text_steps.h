#pragma once
// Normalizers and pre-tokenizers of tokenizer.json.

#include <functional>
#include <string>
#include <vector>

#include "datasets/text/result.h"
#include "datasets/text/value.h"

namespace llmops {

using Normalize = std::function<std::string(std::string)>;
using Words = std::vector<std::string>;
using PreTokenize = std::function<Words(Words)>;

// `normalizer` and `pre_tokenizer` of the file; null gives the step that changes nothing. A kind
// that is not known is a problem: a wrong count would look like a right one.
Result<Normalize> read_normalizer(const Value* value);
Result<PreTokenize> read_pre_tokenizer(const Value* value);

// Whether a step of that kind stands anywhere in `value`.
bool mentions_step(const Value* value, std::string_view type);

}  // namespace llmops
