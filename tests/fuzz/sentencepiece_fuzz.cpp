// The first byte is the length of a text at the end; the rest is a model, which must not bring the
// library down.
#include <cstddef>
#include <cstdint>

#include "datasets/text/utf8.h"
#include "evaluators/encoder/unigram.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t length = data[0] < bytes.size() ? data[0] : bytes.size();
  const auto spec = llmops::read_sentencepiece(bytes.substr(0, bytes.size() - length), "fuzz");
  if (!spec) return 0;
  const auto model = llmops::make_unigram(*spec, llmops::UnigramIds::fairseq, "fuzz");
  if (!model) return 0;
  llmops::TokenIds ids;
  (*model)->append(llmops::repair_utf8(bytes.substr(bytes.size() - length)), ids);
  return 0;
}
