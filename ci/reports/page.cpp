#include "ci/reports/page.h"

#include <fmt/format.h>

#include <cstdlib>

#include "ci/reports/escape.h"
#include "ci/reports/html/assets.h"
#include "ci/reports/html/packed.h"
#include "datasets/text/hash.h"

namespace llmops {
namespace {

// As a content security policy names a text that is allowed.
std::string hash_source(std::string_view text) {
  const std::string hex = sha256(text);
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes += static_cast<char>(std::strtoul(hex.substr(i, 2).c_str(), nullptr, 16));
  return "'sha256-" + encode_base64(bytes) + "'";
}

}  // namespace

std::string page_start(std::string_view title, std::string_view style, const PagePowers& powers) {
  std::string policy = "default-src 'none'; style-src " + hash_source(style);
  // No text may become script or markup, not even by a mistake of the page's own script.
  if (!powers.script.empty())
    policy += "; script-src " + hash_source(powers.script) +
              "; require-trusted-types-for 'script'; trusted-types 'none'";
  if (powers.served) policy += "; connect-src 'self'";
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\"{}><head><meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"{}; base-uri 'none'; form-action "
      "'none'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"referrer\" content=\"no-referrer\">\n"
      "<title>{}</title>\n<style>{}</style></head><body>\n",
      powers.served ? " data-served" : "", policy, escape_markup(title), style);
}

std::string page_end(const PagePowers& powers) {
  if (powers.script.empty()) return std::string(kPageEnd);
  return fmt::format("<script>{}</script>\n{}", powers.script, kPageEnd);
}

std::string_view page_style() { return page_style_css; }

}  // namespace llmops
