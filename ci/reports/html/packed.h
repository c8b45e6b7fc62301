#pragma once
// Data inside a page: deflated (zlib, RFC 1950) and in base64, so that nothing of it is markup. The
// page's script unpacks it by the browser's own DecompressionStream.

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace llmops {

class PackedWriter {
 public:
  using Sink = std::function<void(std::string_view)>;
  explicit PackedWriter(Sink sink);
  ~PackedWriter();
  PackedWriter(const PackedWriter&) = delete;
  PackedWriter& operator=(const PackedWriter&) = delete;

  // Memory does not grow with what is written.
  void add(std::string_view text);
  // Once, after the last `add`. Returns how many characters of base64 there are in all.
  std::size_t finish();

 private:
  void deflate_all(int flush);
  void encode(std::string_view bytes, bool last);
  struct State;
  std::unique_ptr<State> state_;
};

std::string encode_base64(std::string_view bytes);

}  // namespace llmops
