#pragma once
// Prompts as command lines name them, and what they come to with a case: messages with their
// tokens.

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "datasets/dataset.h"
#include "prompts/prompt.h"
#include "prompts/request.h"
#include "prompts/tokens/token_counter.h"

namespace llmops {

// A prompt as a command line names it: a path from where the user stands, else what `find_prompt`
// finds from `folder`.
Result<Prompt> named_prompt(const std::string& reference, const std::filesystem::path& folder);

// "support@2.3.1", with the git revision that it was read from: "support@2.3.1 (1f3a9c0b2d41)".
std::string called(const Prompt& prompt);

// The tokenizer of a path; of an empty one the estimate.
Result<std::shared_ptr<const TokenCounter>> open_counter(const std::string& path);

// The case with this id, or the first one where `id` is absent. A problem names the nearest id.
Result<Case> find_case(const Dataset& dataset, const std::optional<std::string>& id);

struct RenderedPart {
  std::string type, content;
  Object extra;
  std::size_t tokens = 0;  // of a text; other parts have none that could be told
};
struct RenderedMessage {
  std::string role;
  std::vector<RenderedPart> parts;
  Object extra;
  std::size_t tokens = 0;
};
struct Rendered {
  std::vector<RenderedMessage> messages;
  std::size_t tokens = 0;
};
Result<Rendered> render_case(const Prompt& prompt, const Case& row, const TokenCounter& counter);

// The same of a prompt's own text, its templates unfilled.
Rendered unfilled(const Prompt& prompt, const TokenCounter& counter);

Value to_value(const Rendered& rendered);
// For people: every message under its role, indented, control characters made visible.
std::string to_screen(const Rendered& rendered);
// "94 tokens", "about 94 tokens" of an estimate.
std::string token_text(std::size_t tokens, const TokenCounter& counter);

}  // namespace llmops
