#include "evaluators/metrics/text/error_rate.h"

#include <fmt/format.h>
#include <unicode/uchar.h>

#include "datasets/text/utf8.h"
#include "evaluators/metrics/text/edit_distance.h"
#include "evaluators/metrics/text/lowercase.h"

namespace llmops {
namespace {

struct Preparation {
  bool lowercase = false, no_punct = false;
};

std::string prepared(const std::string& text, const Preparation& preparation) {
  std::string out = preparation.lowercase ? lowercase(text) : text;
  if (!preparation.no_punct) return out;
  std::string kept;
  for (const char32_t c : decode_utf8(out))
    if ((U_GET_GC_MASK(static_cast<UChar32>(c)) & U_GC_P_MASK) == 0) append_utf8(kept, c);
  return kept;
}

// Edits and length for the reference with the lowest rate; one without units only where there is no
// other.
std::vector<double> count(const std::string& hypothesis, std::span<const std::string> references,
                          Unit unit, const Preparation& preparation) {
  UnitIds ids(unit);
  std::vector<std::string> texts;
  texts.reserve(references.size() + 1);
  const auto ids_of = [&](const std::string& text) {
    texts.push_back(prepared(text, preparation));
    return ids.of(texts.back());
  };
  const std::vector<std::uint32_t> output = ids_of(hypothesis);
  std::vector<double> best;
  for (const std::string& text : references) {
    const std::vector<std::uint32_t> reference = ids_of(text);
    const auto edits = static_cast<double>(levenshtein(output, reference));
    const auto length = static_cast<double>(reference.size());
    if (best.empty() || (length > 0 && (best[1] == 0 || edits / length < best[0] / best[1])))
      best = {edits, length};
  }
  return best;
}

}  // namespace

std::unique_ptr<Metric> make_error_rate(Fields& fields, std::string_view name, Unit unit) {
  const Preparation preparation{fields.boolean("lowercase").value_or(false),
                                fields.boolean("no_punct").value_or(false)};
  return std::make_unique<CountedMetric>(CountedMetric::Parts{
      .column = column(ScoreKind::positive, {0.0, std::numeric_limits<double>::infinity()},
                       Better::lower),
      .signature =
          [=](std::string_view references) {
            return fmt::format("{}|nrefs:{}|case:{}|punct:{}|version:1", name, references,
                               preparation.lowercase ? "lc" : "mixed",
                               yes_no(!preparation.no_punct));
          },
      .counts =
          [=](const std::string& hypothesis, std::span<const std::string> references) {
            return count(hypothesis, references, unit, preparation);
          },
      .figure = [](std::span<const double> counts) -> std::optional<double> {
        if (counts[1] <= 0) return std::nullopt;
        return counts[0] / counts[1];
      },
      .undefined = "the reference is empty"});
}

}  // namespace llmops
