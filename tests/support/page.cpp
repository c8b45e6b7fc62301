#include "tests/support/page.h"

#include <zlib.h>

#include <stdexcept>

#include "prompts/tokens/base64.h"

namespace llmops::test {
namespace {

std::string inflated(const std::string& bytes) {
  std::string out;
  z_stream stream{};
  if (inflateInit(&stream) != Z_OK) throw std::runtime_error("inflate");
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  int state = Z_OK;
  while (state == Z_OK) {
    char block[65536];
    stream.next_out = reinterpret_cast<Bytef*>(block);
    stream.avail_out = sizeof block;
    state = ::inflate(&stream, Z_NO_FLUSH);
    out.append(block, sizeof block - stream.avail_out);
  }
  inflateEnd(&stream);
  if (state != Z_STREAM_END) throw std::runtime_error("the packed data is broken");
  return out;
}

// Calls `change(inside)` for every text between `open` and `close`.
template <typename Change>
void between(std::string& text, std::string_view open, std::string_view close,
             const Change& change) {
  for (std::size_t at = 0; (at = text.find(open, at)) != std::string::npos;) {
    at += open.size();
    const std::size_t end = text.find(close, at);
    if (end == std::string::npos) return;
    const std::string made = change(text.substr(at, end - at));
    text.replace(at, end - at, made);
    at += made.size();
  }
}

}  // namespace

std::string unpacked_page(std::string html) {
  between(html, "<style>", "</style>", [](const std::string&) { return "..."; });
  between(html, "<script>", "</script>", [](const std::string&) { return "..."; });
  between(html, "'sha256-", "'", [](const std::string&) { return "..."; });
  between(html, "<script type=\"text/plain\" id=", "</script>", [](const std::string& element) {
    const std::size_t end = element.find('>');
    const auto bytes = decode_base64(element.substr(end + 1));
    if (!bytes) throw std::runtime_error("no base64: " + element.substr(0, end));
    return element.substr(0, end + 1) + "\n" + inflated(*bytes) + "\n";
  });
  return html;
}

}  // namespace llmops::test
