#include "evaluators/metrics/text/at_edge.h"

#include <fmt/format.h>

#include "evaluators/metrics/text/lowercase.h"
#include "evaluators/metrics/text/words.h"

namespace llmops {

std::unique_ptr<Metric> make_at_edge(Fields& fields, std::string_view name,
                                     bool (*holds)(std::string_view, std::string_view)) {
  const std::vector<std::string> any = fields.texts("any");
  const bool listed = fields.has("any");
  const bool ignore_case = fields.boolean("ignore_case").value_or(false);
  std::string signature = fmt::format("{}|case:{}", name, ignore_case ? "lc" : "mixed");
  for (const std::string& text : any) {
    if (strip(text).empty())
      fields.error(fields.mark("any"),
                   "`any` holds an empty text, with which everything begins and ends");
    signature += fmt::format("|any:\"{}\"", text);
  }
  return std::make_unique<SimpleMetric>(
      column(ScoreKind::binary), signature + "|version:1",
      [=](const Case& row, const Sample& sample) {
        const auto normal = [&](std::string_view text) {
          return ignore_case ? lowercase(strip(text)) : std::string(strip(text));
        };
        const std::vector<std::string>& wanted = listed ? any : row.references;
        if (wanted.empty()) return unscored(std::string(kNoReference));
        const std::string output = normal(sample.text);
        std::size_t empty = 0;
        for (const std::string& text : wanted) {
          const std::string each = normal(text);
          empty += each.empty();
          if (!each.empty() && holds(output, each)) return scored(1.0);
        }
        return empty == wanted.size() ? unscored("the reference is empty") : scored(0.0);
      });
}

}  // namespace llmops
