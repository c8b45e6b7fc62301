#pragma once
// The models of tokenizer.json: how many tokens a word has.

#include <memory>
#include <string>
#include <string_view>

#include "datasets/text/result.h"
#include "datasets/text/value.h"

namespace llmops {

class WordModel {
 public:
  virtual ~WordModel() = default;
  virtual std::size_t count(std::string_view word) const = 0;
  virtual std::size_t size() const = 0;
};

// `model` of the file. `byte_level`: tokens are bytes in GPT-2's disguise.
Result<std::unique_ptr<const WordModel>> read_word_model(const Value& model, bool byte_level);

}  // namespace llmops
