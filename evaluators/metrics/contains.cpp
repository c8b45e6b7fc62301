// Contains: wanted texts stand somewhere in the output. Without lists, one of the references does.
// Cost: a search for each wanted text, O(n * m) at worst.
#include <fmt/format.h>

#include <algorithm>

#include "evaluators/metrics/simple_metric.h"
#include "evaluators/metrics/text/lowercase.h"
#include "evaluators/metrics/text/words.h"

namespace llmops {
namespace {

constexpr std::string_view kOptions[] = {"any", "all", "none", "ignore_case"};

struct Wanted {
  std::vector<std::string> any, all, none;
  bool ignore_case = false;
};

std::string quoted(const std::vector<std::string>& texts) {
  std::string joined;
  for (const std::string& text : texts)
    joined += fmt::format("{}\"{}\"", joined.empty() ? "" : ",", text);
  return joined;
}

Measurement listed(const Wanted& wanted, const std::string& output) {
  const auto there = [&](const std::string& text) {
    return output.find(text) != std::string::npos;
  };
  for (const std::string& text : wanted.all)
    if (!there(text)) return scored(0.0, fmt::format("lacks `{}`", text));
  for (const std::string& text : wanted.none)
    if (there(text)) return scored(0.0, fmt::format("holds `{}`", text));
  if (!wanted.any.empty() && std::ranges::none_of(wanted.any, there))
    return scored(0.0, "lacks all of `any`");
  return scored(1.0);
}

Measurement holds_reference(const Case& row, const std::string& output, bool ignore_case) {
  // An empty reference stands in every text, which says nothing.
  Case kept;
  for (const std::string& reference : row.references)
    if (!strip(reference).empty()) kept.references.emplace_back(strip(reference));
  if (kept.references.empty() && !row.references.empty()) return unscored("the reference is empty");
  return best_reference(kept, [&](const std::string& reference) {
    return output.find(ignore_case ? lowercase(reference) : reference) != std::string::npos ? 1.0
                                                                                            : 0.0;
  });
}

std::unique_ptr<Metric> make(Fields& fields) {
  Wanted wanted{fields.texts("any"), fields.texts("all"), fields.texts("none"),
                fields.boolean("ignore_case").value_or(false)};
  std::string signature = fmt::format("contains|case:{}", wanted.ignore_case ? "lc" : "mixed");
  bool lists = false;
  const auto add = [&](std::string_view key, std::vector<std::string>& texts) {
    if (!fields.has(key)) return;
    if (texts.empty() || std::ranges::find(texts, "") != texts.end())
      fields.error(fields.mark(key), fmt::format("`{}` holds no text to look for", key),
                   "expected texts that are not empty");
    lists = true;
    signature += fmt::format("|{}:{}", key, quoted(texts));
    if (wanted.ignore_case)
      for (std::string& text : texts) text = lowercase(text);
  };
  add("any", wanted.any);
  add("all", wanted.all);
  add("none", wanted.none);
  return std::make_unique<SimpleMetric>(
      column(ScoreKind::binary), signature + "|version:1",
      [wanted, lists](const Case& row, const Sample& sample) {
        const std::string output = wanted.ignore_case ? lowercase(sample.text) : sample.text;
        return lists ? listed(wanted, output) : holds_reference(row, output, wanted.ignore_case);
      });
}

}  // namespace

extern const MetricInfo kContains;
constexpr MetricInfo kContains{
    .name = "contains",
    .summary = "the output holds a reference, or any / all / none of given texts",
    .source = "definition",
    .needs_references = false,
    .options = kOptions,
    .make = &make,
};

}  // namespace llmops
