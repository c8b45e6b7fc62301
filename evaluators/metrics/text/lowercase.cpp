#include "evaluators/metrics/text/lowercase.h"

#include <unicode/bytestream.h>
#include <unicode/casemap.h>

#include <cstdint>
#include <cstring>

namespace llmops {

bool is_ascii(std::string_view text) {
  std::uint64_t seen = 0;
  std::size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    std::uint64_t chunk = 0;
    std::memcpy(&chunk, text.data() + at, 8);
    seen |= chunk;
  }
  for (; at < text.size(); ++at) seen |= static_cast<unsigned char>(text[at]);
  return (seen & 0x8080808080808080ULL) == 0;
}

std::string lowercase(std::string_view text) {
  std::string lower;
  if (is_ascii(text)) {
    lower.resize(text.size());
    for (std::size_t i = 0; i < text.size(); ++i)
      lower[i] = static_cast<char>(text[i] >= 'A' && text[i] <= 'Z' ? text[i] + 32 : text[i]);
    return lower;
  }
  icu::StringByteSink<std::string> sink(&lower, static_cast<std::int32_t>(text.size()));
  UErrorCode status = U_ZERO_ERROR;
  icu::CaseMap::utf8ToLower("", 0,
                            icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())),
                            sink, nullptr, status);
  return lower;
}

}  // namespace llmops
