// The double array: a unit holds the offset of its children, the byte by which it was reached, and
// whether a value hangs below it (github.com/s-yata/darts-clone).
#include "prompts/tokens/charsmap.h"

#include <unicode/brkiter.h>
#include <unicode/locid.h>
#include <unicode/unistr.h>

#include "prompts/template/python.h"

namespace llmops {
namespace {

std::uint32_t little_endian(std::string_view bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i)
    value |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  return value;
}

std::uint32_t offset(std::uint32_t unit) { return (unit >> 10) << ((unit & (1U << 9)) >> 6); }
std::uint32_t label(std::uint32_t unit) { return unit & ((1U << 31) | 0xFFU); }
bool has_leaf(std::uint32_t unit) { return (unit >> 8 & 1U) != 0; }
std::uint32_t value_of(std::uint32_t unit) { return unit & 0x7FFFFFFFU; }

}  // namespace

Result<CharacterMap> CharacterMap::read(std::string_view bytes) {
  if (bytes.size() < 4) return problem("the character map is cut off");
  const std::uint32_t size = little_endian(bytes);
  bytes.remove_prefix(4);
  if (size % 4 != 0 || size == 0 || size > bytes.size())
    return problem("the character map is cut off");
  CharacterMap map;
  map.units_.reserve(size / 4);
  for (std::size_t at = 0; at < size; at += 4)
    map.units_.push_back(little_endian(bytes.substr(at, 4)));
  map.replacements_ = bytes.substr(size);
  return map;
}

bool CharacterMap::replacement(std::string_view text, std::string& out) const {
  std::uint32_t node = offset(units_[0]);
  for (const char c : text) {
    const std::uint32_t byte = static_cast<unsigned char>(c);
    if (byte == 0) return false;
    node ^= byte;
    if (node >= units_.size() || label(units_[node]) != byte) return false;
    const bool leaf = has_leaf(units_[node]);
    node ^= offset(units_[node]);
    if (node >= units_.size()) return false;
    if (!leaf) continue;
    const std::uint32_t start = value_of(units_[node]);
    if (start >= replacements_.size()) return false;
    out += replacements_.substr(start, replacements_.find('\0', start) - start);
    return true;
  }
  return false;
}

std::string CharacterMap::apply(const std::string& text) const {
  UErrorCode status = U_ZERO_ERROR;
  const std::unique_ptr<icu::BreakIterator> graphemes(
      icu::BreakIterator::createCharacterInstance(icu::Locale::getRoot(), status));
  if (U_FAILURE(status)) return text;
  const icu::UnicodeString whole = icu::UnicodeString::fromUTF8(text);
  graphemes->setText(whole);
  std::string out;
  std::string grapheme;
  std::int32_t start = graphemes->first();
  for (std::int32_t end = graphemes->next(); end != icu::BreakIterator::DONE;
       start = end, end = graphemes->next()) {
    grapheme.clear();
    whole.tempSubStringBetween(start, end).toUTF8String(grapheme);
    constexpr std::size_t kLongestWhole = 6;
    if (grapheme.size() < kLongestWhole && replacement(grapheme, out)) continue;
    for (const std::string_view character : python::characters(grapheme))
      if (!replacement(character, out)) out += character;
  }
  return out;
}

}  // namespace llmops
