// The page's colours can be read, and its parts do what a browser expects.
#include "ci/reports/page.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include "ci/reports/html/packed.h"
#include "tests/support/page.h"

using namespace llmops;

namespace {

// The colours of a `:root{...}` rule by name.
std::map<std::string, std::string> colours(std::string_view style, std::size_t from) {
  std::map<std::string, std::string> found;
  const std::size_t end = style.find('}', from);
  for (std::size_t at = style.find("--", from); at < end; at = style.find("--", at)) {
    const std::size_t colon = style.find(':', at);
    const std::size_t stop = style.find_first_of(";}", colon);
    std::string value(style.substr(colon + 2, stop - colon - 2));
    if (value.size() == 3) value = {value[0], value[0], value[1], value[1], value[2], value[2]};
    found[std::string(style.substr(at + 2, colon - at - 2))] = value;
    at = stop;
  }
  return found;
}

// WCAG 2.2: relative luminance, and the contrast of two colours.
double luminance(const std::string& hex) {
  const auto channel = [&](std::size_t at) {
    const double value = std::stoi(hex.substr(at, 2), nullptr, 16) / 255.0;
    return value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
  };
  return 0.2126 * channel(0) + 0.7152 * channel(2) + 0.0722 * channel(4);
}
double contrast(const std::string& a, const std::string& b) {
  const double x = luminance(a), y = luminance(b);
  return (std::max(x, y) + 0.05) / (std::min(x, y) + 0.05);
}

}  // namespace

TEST_CASE("page: text stands out from what is behind it, light and dark (WCAG AA)") {
  const std::string_view style = page_style();
  const std::size_t light = style.find(":root{");
  const std::size_t dark = style.find(":root{", light + 1);
  REQUIRE(dark != std::string_view::npos);
  for (const std::size_t scheme : {light, dark}) {
    const std::map<std::string, std::string> all = colours(style, scheme);
    for (const char* text : {"text", "soft", "good", "bad", "doubt", "mark"})
      for (const char* back : {"back", "panel", "pick"}) {
        CAPTURE(text);
        CAPTURE(back);
        CHECK(contrast(all.at(text), all.at(back)) >= 4.5);
      }
    for (const char* back : {"ins", "del"}) CHECK(contrast(all.at("text"), all.at(back)) >= 4.5);
    CHECK(contrast(all.at("good"), all.at("good-back")) >= 4.5);
    CHECK(contrast(all.at("bad"), all.at("bad-back")) >= 4.5);
    CHECK(contrast(all.at("doubt"), all.at("doubt-back")) >= 4.5);
  }
}

TEST_CASE("page: a policy for exactly its style and script") {
  const std::string bare = page_start("a <b>", "p{}");
  CHECK(bare.find("<title>a &lt;b&gt;</title>") != std::string::npos);
  CHECK(bare.find("script-src") == std::string::npos);
  const PagePowers powers{.script = "let a = 1;", .served = true};
  const std::string able = page_start("a", "p{}", powers);
  CHECK(able.find("default-src 'none'") != std::string::npos);
  // printf 'let a = 1;' | openssl dgst -sha256 -binary | base64
  CHECK(able.find("script-src 'sha256-") != std::string::npos);
  CHECK(able.find("connect-src 'self'") != std::string::npos);
  CHECK(able.find("trusted-types 'none'") != std::string::npos);
  CHECK(page_end(powers) == "<script>let a = 1;</script>\n</body></html>\n");
}

TEST_CASE("page: packed data comes back as it was") {
  CHECK(encode_base64("") == "");
  CHECK(encode_base64("M") == "TQ==");
  CHECK(encode_base64("Ma") == "TWE=");
  CHECK(encode_base64("Man") == "TWFu");
  std::string all;
  for (int i = 0; i < 200'000; ++i) all += std::to_string(i * 7919 % 1013) + "</script>";
  std::string packed;
  PackedWriter writer([&](std::string_view part) { packed += part; });
  for (std::size_t at = 0; at < all.size(); at += 1001) writer.add(all.substr(at, 1001));
  const std::size_t written = writer.finish();
  CHECK(written == packed.size());
  CHECK(packed.size() < all.size() / 4);
  CHECK(packed.find('<') == std::string::npos);
  CHECK(test::unpacked_page("<script type=\"text/plain\" id=\"x\">" + packed + "</script>") ==
        "<script type=\"text/plain\" id=\"x\">\n" + all + "\n</script>");
}
