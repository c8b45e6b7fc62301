// Normalized match: output and reference are equal once case, punctuation, articles and white space
// are out of the way.
// Cost: O(n + m).
#include <unicode/normalizer2.h>

#include <fmt/format.h>

#include "evaluators/metrics/simple_metric.h"
#include "evaluators/metrics/text/squad.h"

namespace llmops {
namespace {

// Compatibility composition: full-width digits, ligatures and composed accents become one form.
std::string nfkc(const std::string& text) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* normalizer = icu::Normalizer2::getNFKCInstance(status);
  if (U_FAILURE(status) != 0) return text;
  std::string normal;
  normalizer->normalize(icu::UnicodeString::fromUTF8(text), status).toUTF8String(normal);
  return U_FAILURE(status) != 0 ? text : normal;
}

std::unique_ptr<Metric> make(Fields&) {
  return std::make_unique<SimpleMetric>(
      column(ScoreKind::binary), "normalized_match|form:nfkc|norm:squad|version:1",
      [](const Case& row, const Sample& sample) {
        const std::string output = squad_normalized(nfkc(sample.text));
        return with_answer(
            best_reference(row,
                           [&](const std::string& reference) {
                             return output == squad_normalized(nfkc(reference)) ? 1.0 : 0.0;
                           }),
            output);
      });
}

}  // namespace

extern const MetricInfo kNormalizedMatch;
constexpr MetricInfo kNormalizedMatch{
    .name = "normalized_match",
    .summary = "the output equals a reference but for case, punctuation, articles, blanks",
    .source = "SQuAD script's normal form (Rajpurkar et al. 2016) after Unicode NFKC",
    .needs_references = true,
    .options = {},
    .make = &make,
};

}  // namespace llmops
