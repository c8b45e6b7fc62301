#include <fmt/format.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "datasets/text/utf8.h"
#include "prompts/template/python.h"
#include "prompts/tokens/base64.h"
#include "prompts/tokens/charsmap.h"
#include "prompts/tokens/splitter.h"
#include "prompts/tokens/text_steps.h"

namespace llmops {
namespace {

std::string normalized(const icu::Normalizer2* form, const std::string& text) {
  UErrorCode status = U_ZERO_ERROR;
  std::string out;
  const icu::UnicodeString result = form->normalize(icu::UnicodeString::fromUTF8(text), status);
  if (U_FAILURE(status)) return text;
  result.toUTF8String(out);
  return out;
}

const icu::Normalizer2* form(std::string_view name) {
  UErrorCode status = U_ZERO_ERROR;
  if (name == "NFC") return icu::Normalizer2::getNFCInstance(status);
  if (name == "NFD") return icu::Normalizer2::getNFDInstance(status);
  if (name == "NFKC") return icu::Normalizer2::getNFKCInstance(status);
  return icu::Normalizer2::getNFKDInstance(status);
}

std::string without_marks(const std::string& text) {
  std::string out;
  for (const char32_t c : decode_utf8(text))
    if (u_charType(static_cast<UChar32>(c)) != U_NON_SPACING_MARK) append_utf8(out, c);
  return out;
}

bool is_control(char32_t c) {
  if (c == '\t' || c == '\n' || c == '\r') return false;
  const auto type = u_charType(static_cast<UChar32>(c));
  return type == U_CONTROL_CHAR || type == U_FORMAT_CHAR || type == U_UNASSIGNED ||
         type == U_PRIVATE_USE_CHAR;
}

bool is_chinese(char32_t c) {
  return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) ||
         (c >= 0x20000 && c <= 0x2CEAF) || (c >= 0xF900 && c <= 0xFAFF) ||
         (c >= 0x2F800 && c <= 0x2FA1F);
}

bool flag(const Value& value, std::string_view key, bool otherwise) {
  const Value* found = value.find(key);
  return found != nullptr && found->boolean() != nullptr ? *found->boolean() : otherwise;
}

std::string text_of(const Value& value, std::string_view key) {
  const Value* found = value.find(key);
  return found != nullptr && found->string() != nullptr ? *found->string() : "";
}

Normalize bert(const Value& value) {
  const bool clean = flag(value, "clean_text", true);
  const bool chinese = flag(value, "handle_chinese_chars", true);
  const bool lower = flag(value, "lowercase", true);
  const bool strip = flag(value, "strip_accents", lower);
  return [=](const std::string& text) {
    std::string out;
    for (const char32_t c : decode_utf8(text)) {
      if (clean && (c == 0 || c == 0xFFFD || is_control(c))) continue;
      if (clean && python::is_space(c)) {
        out += ' ';
      } else if (chinese && is_chinese(c)) {
        out += ' ';
        append_utf8(out, c);
        out += ' ';
      } else {
        append_utf8(out, c);
      }
    }
    if (strip) out = without_marks(normalized(form("NFD"), out));
    return lower ? python::lower(out) : out;
  };
}

Result<Normalize> compiled_map(const Value& value) {
  const std::string encoded = text_of(value, "precompiled_charsmap");
  if (encoded.empty()) return Normalize([](std::string text) { return text; });
  const std::optional<std::string> bytes = decode_base64(encoded);
  if (!bytes) return problem("the character map is not in base64");
  Result<CharacterMap> map = CharacterMap::read(*bytes);
  if (!map) return map.problems();
  const auto shared = std::make_shared<CharacterMap>(std::move(*map));
  return Normalize([shared](const std::string& text) { return shared->apply(text); });
}

Result<Normalize> replace(const Value& value) {
  const Value* pattern = value.find("pattern");
  const std::string content = text_of(value, "content");
  if (pattern == nullptr) return problem("`Replace` without a pattern");
  if (const std::string plain = text_of(*pattern, "String"); !plain.empty())
    return Normalize([=](std::string text) {
      for (std::size_t at = text.find(plain); at != std::string::npos;
           at = text.find(plain, at + content.size()))
        text.replace(at, plain.size(), content);
      return text;
    });
  // The pieces between the matches, with the content between them.
  Result<Splitter> splitter =
      Splitter::make(text_of(*pattern, "Regex"), Splitter::Behavior::isolated);
  if (!splitter) return splitter.problems();
  const auto shared = std::make_shared<Splitter>(std::move(*splitter));
  return Normalize([=](const std::string& text) { return shared->replaced(text, content); });
}

}  // namespace

bool mentions_step(const Value* value, std::string_view type) {
  if (value == nullptr) return false;
  if (text_of(*value, "type") == type) return true;
  for (const char* key : {"normalizers", "pretokenizers", "decoders"}) {
    const Value* steps = value->find(key);
    if (steps == nullptr || !steps->is_list()) continue;
    for (const Value& step : *steps->list())
      if (mentions_step(&step, type)) return true;
  }
  return false;
}

Result<Normalize> read_normalizer(const Value* value) {
  if (value == nullptr || value->is_null()) return Normalize([](std::string text) { return text; });
  const std::string type = text_of(*value, "type");
  if (type == "NFC" || type == "NFD" || type == "NFKC" || type == "NFKD")
    return Normalize([type](const std::string& text) { return normalized(form(type), text); });
  if (type == "Lowercase")
    return Normalize([](const std::string& text) { return python::lower(text); });
  if (type == "StripAccents") return Normalize(&without_marks);
  if (type == "BertNormalizer") return bert(*value);
  if (type == "Precompiled") return compiled_map(*value);
  if (type == "ByteLevel")
    return Normalize([](std::string text) { return text; });  // the vocabulary is read as bytes
  if (type == "Replace") return replace(*value);
  if (type == "Prepend") {
    const std::string front = text_of(*value, "prepend");
    return Normalize(
        [front](const std::string& text) { return text.empty() ? text : front + text; });
  }
  if (type == "Strip") {
    const bool left = flag(*value, "strip_left", true);
    const bool right = flag(*value, "strip_right", true);
    return Normalize([=](const std::string& text) {
      std::string_view kept = text;
      if (left) kept = python::strip(kept, {}, python::Side::left);
      if (right) kept = python::strip(kept, {}, python::Side::right);
      return std::string(kept);
    });
  }
  if (const Value* steps = value->find("normalizers");
      type == "Sequence" && steps != nullptr && steps->is_list()) {
    std::vector<Normalize> all;
    for (const Value& step : *steps->list()) {
      Result<Normalize> made = read_normalizer(&step);
      if (!made) return made.problems();
      all.push_back(std::move(*made));
    }
    return Normalize([all](std::string text) {
      for (const Normalize& each : all) text = each(std::move(text));
      return text;
    });
  }
  return problem(fmt::format("the normalizer `{}` is not known", type));
}

}  // namespace llmops
