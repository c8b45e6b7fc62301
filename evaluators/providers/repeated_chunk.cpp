#include "evaluators/providers/repeated_chunk.h"

#include <algorithm>

#include "datasets/text/utf8.h"

namespace llmops {
namespace {

// Stands for itself between the quotes of a JSON string.
bool is_plain(std::string_view text) {
  bool ascii = true;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\') return false;
    ascii = ascii && static_cast<unsigned char>(c) < 0x80;
  }
  return ascii || valid_utf8(text);
}

}  // namespace

void RepeatedChunk::learn(std::string_view chunk, std::string_view text) {
  before_.clear();
  constexpr std::string_view kKey = "\"content\"";
  const std::size_t key = chunk.find(kKey);
  if (key == std::string_view::npos || chunk.find(kKey, key + 1) != std::string_view::npos) return;
  std::size_t start = key + kKey.size();
  while (start < chunk.size() && (chunk[start] == ' ' || chunk[start] == ':')) ++start;
  if (start == chunk.size() || chunk[start] != '"' || !is_plain(text)) return;
  ++start;
  const std::string_view rest = chunk.substr(start);
  if (!rest.starts_with(text) || rest.size() == text.size() || rest[text.size()] != '"') return;
  before_ = chunk.substr(0, start);
  behind_ = rest.substr(text.size());
}

std::optional<std::string_view> RepeatedChunk::text_of(std::string_view chunk) const {
  if (before_.empty() || chunk.size() < before_.size() + behind_.size() ||
      !chunk.starts_with(before_) || !chunk.ends_with(behind_))
    return std::nullopt;
  const std::string_view text =
      chunk.substr(before_.size(), chunk.size() - before_.size() - behind_.size());
  if (!is_plain(text)) return std::nullopt;
  return text;
}

}  // namespace llmops
