// Any bytes: tokens point into the text, hold no white space and come in its order, wherever in a
// block of 64 bytes they lie; a text is its own best translation.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "evaluators/metrics/text/bleu.h"
#include "evaluators/metrics/text/words.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace llmops;
  const std::string text(reinterpret_cast<const char*>(data), size);
  for (const BleuTokenizer tokenizer : {BleuTokenizer::v13a, BleuTokenizer::intl, BleuTokenizer::zh,
                                        BleuTokenizer::chars, BleuTokenizer::none}) {
    std::string buffer;
    std::vector<std::string_view> tokens;
    const std::string_view stripped = strip_right(text);
    tokenize(tokenizer, stripped, buffer, tokens);
    const char* last = nullptr;
    for (const std::string_view token : tokens) {
      if (token.empty() || token.data() < last || space_at(token, 0) != 0) std::abort();
      last = token.data() + token.size();
    }
    BleuOptions options;
    options.tokenizer = tokenizer;
    const std::vector<std::string> references = {text};
    const BleuCounts counts = bleu_counts(text, references, options);
    for (std::size_t n = 0; n < options.max_ngram_order; ++n)
      if (counts[2 + n] != counts[2 + options.max_ngram_order + n]) std::abort();
  }
  const std::string_view stripped = strip_right(text);
  const std::string shifted = std::string(1 + size % 64, 'a') + " " + std::string(stripped);
  std::vector<std::string_view> tokens, moved;
  split_western(stripped, tokens);
  split_western(shifted, moved);
  moved.erase(moved.begin());
  if (tokens != moved) std::abort();
  return 0;
}
