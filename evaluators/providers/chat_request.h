#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "datasets/text/result.h"
#include "evaluators/providers/provider.h"

namespace llmops {

// Writes the JSON body of an OpenAI-style chat completion. What is the same for every case of a
// prompt is written once.
class ChatRequestWriter {
 public:
  explicit ChatRequestWriter(const ModelSpec& model, bool new_length_name);

  // `count`: answers that it asks for. The problem: an image or file part that cannot be read, `n`
  // above 1 in the prompt (the model's own is ModelSpec::samples_per_call).
  Result<std::string> body(const Request& request, int count = 1);

 private:
  // What stands behind the messages. Sample k is asked with `seed` + k: with the same seed all
  // samples of a case would be one.
  struct Tail {
    std::shared_ptr<const Prompt> prompt;
    std::string text;
    std::optional<std::int64_t> seed;
    bool several = false;  // the prompt says `n` above 1
  };
  Tail tail(const std::shared_ptr<const Prompt>& prompt) const;

  const ModelSpec& model_;
  bool new_length_name_;  // `max_tokens` goes out as `max_completion_tokens`
  std::unordered_map<const Prompt*, Tail> tails_;
};

// The prompt's parameters with the model's on top; a null takes a parameter away.
Object merged_parameters(const Object& prompt, const Object& model);

}  // namespace llmops
