// Two texts, split at the first zero byte: scores lie in [0, 1], equal texts score 1, stems never
// grow by more than a letter.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "evaluators/metrics/text/porter_stemmer.h"
#include "evaluators/metrics/text/rouge.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace llmops;
  if (size > 4096) return 0;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const std::size_t cut = text.find('\0');
  const std::string hypothesis = text.substr(0, cut);
  const std::vector<std::string> references = {cut == std::string::npos ? ""
                                                                        : text.substr(cut + 1)};
  std::vector<RougeVariant> variants;
  for (const char* name : {"rouge1", "rouge2", "rouge9", "rougeL", "rougeLsum"})
    variants.push_back(*rouge_variant(name));
  for (const bool stemmer : {false, true}) {
    for (const RougeScore& score : rouge(hypothesis, references, variants, stemmer))
      for (const double value : {score.precision, score.recall, score.fmeasure})
        if (!(value >= 0 && value <= 1)) std::abort();
    const std::vector<std::string> itself = {hypothesis};
    const bool tokens = !rouge_tokens(hypothesis, stemmer).empty();
    if (tokens && rouge(hypothesis, itself, variants, stemmer).front().fmeasure != 1.0)
      std::abort();
  }
  for (const std::string& token : rouge_tokens(text, false))
    if (porter_stem(token).size() > token.size() + 1) std::abort();
  return 0;
}
