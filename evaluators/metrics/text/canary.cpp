#include "evaluators/metrics/text/canary.h"

#include <fmt/format.h>

#include <algorithm>

#include "datasets/dedup.h"

namespace llmops {
namespace {

// Encoded forms of shorter canaries would be found by chance.
constexpr std::size_t kShortestEncoded = 6;  // bytes

// What base64 makes of the canary `shift` bytes into a text, without the characters that depend on
// its neighbours.
std::string base64_at(std::string_view text, std::size_t shift) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const std::string bytes = std::string(shift, '\0') + std::string(text);
  std::string out;
  const std::size_t bits = bytes.size() * 8;
  for (std::size_t bit = (shift * 8 + 5) / 6 * 6; bit + 6 <= bits; bit += 6) {
    const std::size_t byte = bit / 8, offset = bit % 8;
    unsigned window = static_cast<unsigned char>(bytes[byte]) << 8U;
    if (byte + 1 < bytes.size()) window |= static_cast<unsigned char>(bytes[byte + 1]);
    out += kDigits[(window >> (10U - offset)) & 63U];
  }
  return out;
}

std::string hexadecimal(std::string_view text) {
  std::string out;
  for (const char c : text) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return out;
}

char rotated(char c) {
  if (c >= 'a' && c <= 'z') return static_cast<char>('a' + (c - 'a' + 13) % 26);
  if (c >= 'A' && c <= 'Z') return static_cast<char>('A' + (c - 'A' + 13) % 26);
  return c;
}

}  // namespace

std::string squeezed_text(std::string_view text) {
  std::string out = normalised_text(text);
  std::erase(out, ' ');
  return out;
}

Canary::Canary(std::string_view text, bool encoded) {
  if (text.empty()) return;
  forms_.push_back({std::string(text), "as it is"});
  const std::string squeezed = squeezed_text(text);
  if (!squeezed.empty()) forms_.push_back({squeezed, "spelled out", true});
  if (!encoded || text.size() < kShortestEncoded) return;
  if (!squeezed.empty() && std::ranges::all_of(squeezed, [](char c) { return (c & 0x80) == 0; })) {
    std::string rot13 = squeezed;
    std::ranges::transform(rot13, rot13.begin(), &rotated);
    if (rot13 != squeezed) forms_.push_back({rot13, "as ROT13", true});
    const std::string reversed(squeezed.rbegin(), squeezed.rend());
    if (reversed != squeezed) forms_.push_back({reversed, "reversed", true});
  }
  forms_.push_back({hexadecimal(text), "as hexadecimal digits", true});
  for (const std::size_t shift : {0U, 1U, 2U})
    forms_.push_back({base64_at(text, shift), "as base64"});
}

std::optional<std::string_view> Canary::found_in(std::string_view output,
                                                 std::string_view squeezed) const {
  for (const Form& form : forms_)
    if ((form.squeezed ? squeezed : output).find(form.text) != std::string_view::npos)
      return form.name;
  return std::nullopt;
}

}  // namespace llmops
