#include "evaluators/metrics/text/fenced.h"

#include "evaluators/metrics/text/words.h"

namespace llmops {

std::string_view without_fence(std::string_view text) {
  constexpr std::string_view kFence = "```";
  const std::string_view block = strip(text);
  const std::size_t line = block.find('\n');
  if (!block.starts_with(kFence) || !block.ends_with(kFence) || line == std::string_view::npos)
    return text;
  if (block.size() < line + 1 + kFence.size()) return text;
  const std::string_view inside = block.substr(line + 1, block.size() - line - 1 - kFence.size());
  return inside.find(kFence) == std::string_view::npos ? inside : text;
}

}  // namespace llmops
