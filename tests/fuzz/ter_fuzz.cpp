// Two texts, split at the first zero byte: TER counts no more edits than all words of both, none
// for a text against itself, and a perfect reference never makes it worse; chrF lies in [0, 100]
// and METEOR in [0, 1].
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "evaluators/metrics/text/chrf.h"
#include "evaluators/metrics/text/meteor.h"
#include "evaluators/metrics/text/ter.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace llmops;
  if (size > 2048) return 0;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const std::size_t cut = text.find('\0');
  const std::string hypothesis = text.substr(0, cut);
  const std::string reference = cut == std::string::npos ? "" : text.substr(cut + 1);
  for (int bits = 0; bits < 16; ++bits) {
    TerOptions options;
    options.normalized = (bits & 1) != 0;
    options.no_punct = (bits & 2) != 0;
    options.asian_support = (bits & 4) != 0;
    options.case_sensitive = (bits & 8) != 0;
    const std::vector<std::string> one = {reference}, two = {reference, hypothesis};
    const std::vector<double> counts = ter_counts(hypothesis, one, options);
    std::string buffer, other;
    const double words = static_cast<double>(ter_words(hypothesis, options, buffer).size() +
                                             ter_words(reference, options, other).size());
    if (!(counts[0] >= 0 && counts[0] <= words && counts[1] >= 0)) std::abort();
    if (ter_counts(hypothesis, {&two[1], 1}, options)[0] != 0) std::abort();
    if (ter_counts(hypothesis, two, options)[0] != 0) std::abort();
    if (!(ter_score(counts) >= 0)) std::abort();
  }
  const std::vector<std::string> references = {reference};
  ChrfOptions chrf;
  chrf.word_order = 2;
  for (const bool whitespace : {false, true}) {
    chrf.whitespace = whitespace;
    const double score = chrf_score(chrf_counts(hypothesis, references, chrf), chrf);
    if (!(score >= 0 && score <= 100 + 1e-9)) std::abort();
  }
  const double score = meteor(hypothesis, references, {});
  if (!(score >= 0 && score <= 1)) std::abort();
  return 0;
}
