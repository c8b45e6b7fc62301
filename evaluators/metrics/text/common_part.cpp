#include "evaluators/metrics/text/common_part.h"

#include <fmt/format.h>

#include <algorithm>

#include "datasets/text/utf8.h"
#include "evaluators/metrics/simple_metric.h"

namespace llmops {
namespace {

std::vector<char32_t> characters_from(std::string_view text, TextEnd end) {
  std::vector<char32_t> characters = decode_utf8(text);
  if (end == TextEnd::back) std::ranges::reverse(characters);
  return characters;
}

}  // namespace

std::unique_ptr<Metric> make_common_part(std::string_view name, TextEnd end) {
  return std::make_unique<SimpleMetric>(
      column(ScoreKind::bounded), fmt::format("{}|version:1", name),
      [end](const Case& row, const Sample& sample) {
        const bool wanted = std::ranges::any_of(
            row.references, [](const std::string& text) { return !text.empty(); });
        if (!wanted && !row.references.empty()) return unscored("the reference is empty");
        const std::vector<char32_t> output = characters_from(sample.text, end);
        return best_reference(row, [&](const std::string& text) {
          if (text.empty()) return 0.0;
          const std::vector<char32_t> reference = characters_from(text, end);
          const auto differ = std::ranges::mismatch(output, reference);
          return static_cast<double>(differ.in2 - reference.begin()) /
                 static_cast<double>(reference.size());
        });
      });
}

}  // namespace llmops
