#include "ci/reports/page.h"

#include <fmt/format.h>

#include <cstdint>
#include <cstdlib>

#include "ci/reports/escape.h"
#include "datasets/text/hash.h"

namespace llmops {
namespace {

std::string base64_of_hex(const std::string& hex) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  std::uint32_t bits = 0;
  int held = 0;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bits = bits << 8U |
           static_cast<std::uint32_t>(std::strtoul(hex.substr(i, 2).c_str(), nullptr, 16));
    for (held += 8; held >= 6; held -= 6)
      out += kDigits[bits >> static_cast<unsigned>(held - 6) & 63U];
  }
  if (held > 0) out += kDigits[bits << static_cast<unsigned>(6 - held) & 63U];
  while (out.size() % 4 != 0) out += '=';
  return out;
}

}  // namespace

std::string page_start(std::string_view title, std::string_view style) {
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
      "'sha256-{}'; base-uri 'none'; form-action 'none'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"referrer\" content=\"no-referrer\">\n"
      "<title>{}</title>\n<style>{}</style></head><body>\n",
      base64_of_hex(sha256(style)), escape_markup(title), style);
}

}  // namespace llmops
