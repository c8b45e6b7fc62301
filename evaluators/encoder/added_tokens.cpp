#include "evaluators/encoder/added_tokens.h"

#include <algorithm>

#include "evaluators/encoder/unicode.h"

namespace llmops {

void AddedTokens::add(AddedToken token) {
  if (token.text.empty() || find(token.text) != nullptr) return;
  std::vector<std::size_t>& places = by_first_byte_[static_cast<unsigned char>(token.text[0])];
  const auto before = std::ranges::find_if(
      places, [&](std::size_t other) { return tokens_[other].text.size() < token.text.size(); });
  places.insert(before, tokens_.size());
  tokens_.push_back(std::move(token));
}

const AddedToken* AddedTokens::find(std::string_view text) const {
  if (text.empty()) return nullptr;
  for (const std::size_t place : by_first_byte_[static_cast<unsigned char>(text[0])])
    if (tokens_[place].text == text) return &tokens_[place];
  return nullptr;
}

const AddedToken* AddedTokens::longest_at(std::string_view text, std::size_t at) const {
  for (const std::size_t place : by_first_byte_[static_cast<unsigned char>(text[at])])
    if (text.substr(at).starts_with(tokens_[place].text)) return &tokens_[place];
  return nullptr;
}

std::vector<AddedTokens::Part> AddedTokens::split(std::string_view text) const {
  std::vector<Part> parts;
  std::size_t start = 0;
  const auto plain = [&](std::size_t end) {
    if (end > start) parts.push_back({std::string(text.substr(start, end - start))});
  };
  for (std::size_t at = 0; at < text.size();) {
    const AddedToken* token = longest_at(text, at);
    if (token == nullptr) {
      ++at;
      continue;
    }
    plain(at);
    at += token->text.size();
    start = at;
    parts.push_back({token->text, token});
  }
  plain(text.size());

  // In the order and with the side effects of the reference's loop over its parts.
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const AddedToken* token = parts[i].token;
    if (token == nullptr) continue;
    Part* left = i > 0 && !parts[i - 1].text.empty() ? &parts[i - 1] : nullptr;
    Part* right = i + 1 < parts.size() ? &parts[i + 1] : nullptr;
    if (token->strips_right && right != nullptr) right->text = python_strip_left(right->text);
    if (token->strips_left && left != nullptr) left->text = python_strip_right(left->text);
    if (!token->single_word) continue;
    if (left != nullptr && !left->text.empty() && left->text.back() != ' ') {
      left->text += parts[i].text;
      left->token = nullptr;
      parts[i] = {};
    } else if (right != nullptr && !right->text.empty() && right->text.front() != ' ') {
      right->text = parts[i].text + right->text;
      right->token = nullptr;
      parts[i] = {};
    }
  }
  std::erase_if(parts, [](const Part& part) { return part.text.empty(); });
  return parts;
}

std::string AddedTokens::lower(std::string_view text) const {
  std::string out;
  std::size_t start = 0;
  const auto plain = [&](std::size_t end) {
    std::u32string lowered;
    for (const char32_t c : to_utf32(text.substr(start, end - start))) append_lower(lowered, c);
    out += to_utf8(lowered);
  };
  for (std::size_t at = 0; at < text.size();) {
    const AddedToken* token = longest_at(text, at);
    if (token == nullptr || !token->special) {
      ++at;
      continue;
    }
    plain(at);
    out += token->text;
    at += token->text.size();
    start = at;
  }
  plain(text.size());
  return out;
}

}  // namespace llmops
