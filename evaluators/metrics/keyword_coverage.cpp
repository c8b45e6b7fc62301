// Keyword coverage: the share of wanted words and phrases that the output holds.
// Cost: a search for each keyword.
#include <fmt/format.h>

#include "evaluators/metrics/simple_metric.h"
#include "evaluators/metrics/text/lowercase.h"
#include "evaluators/metrics/text/words.h"

namespace llmops {
namespace {

constexpr std::string_view kOptions[] = {"keywords", "field", "ignore_case", "whole_words"};

struct Options {
  std::vector<std::string> keywords;
  std::string field;
  bool ignore_case = true, whole_words = true;
};

bool holds(const std::string& text, const std::string& keyword, bool whole_words) {
  const auto letter = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || (c & 0x80) != 0;
  };
  for (std::size_t at = text.find(keyword); at != std::string::npos;
       at = text.find(keyword, at + 1)) {
    const std::size_t end = at + keyword.size();
    if (!whole_words) return true;
    // A keyword that begins or ends with a mark (C++) needs no edge there.
    const bool left = at == 0 || !letter(keyword.front()) || !letter(text[at - 1]);
    const bool right = end == text.size() || !letter(keyword.back()) || !letter(text[end]);
    if (left && right) return true;
  }
  return false;
}

std::vector<std::string> keywords_of(const Options& options, const Case& row) {
  if (!options.keywords.empty()) return options.keywords;
  if (options.field.empty()) return row.references;
  std::vector<std::string> keywords;
  const Value* found = row.variables.find(options.field);
  if (found != nullptr && found->list() != nullptr) {
    for (const Value& each : *found->list()) keywords.push_back(to_text(each));
  } else if (found != nullptr && !found->is_null()) {
    keywords.push_back(to_text(*found));
  }
  return keywords;
}

Measurement measure(const Options& options, const Case& row, const Sample& sample) {
  const std::string output = options.ignore_case ? lowercase(sample.text) : sample.text;
  std::size_t wanted = 0;
  std::size_t there = 0;
  std::string missing;
  for (const std::string& each : keywords_of(options, row)) {
    const std::string keyword =
        options.ignore_case ? lowercase(strip(each)) : std::string(strip(each));
    if (keyword.empty()) continue;
    ++wanted;
    if (holds(output, keyword, options.whole_words))
      ++there;
    else
      missing += (missing.empty() ? "lacks " : ", ") + keyword;
  }
  if (wanted == 0) return unscored("the case has no keywords");
  return scored(static_cast<double>(there) / static_cast<double>(wanted), missing);
}

std::unique_ptr<Metric> make(Fields& fields) {
  Options options;
  options.keywords = fields.texts("keywords");
  options.field = fields.text("field").value_or("");
  options.ignore_case = fields.boolean("ignore_case").value_or(true);
  options.whole_words = fields.boolean("whole_words").value_or(true);
  if (fields.has("keywords") && options.keywords.empty())
    fields.error(fields.mark("keywords"), "`keywords` names no word", "expected a list of texts");
  std::string from = options.field.empty() ? "references" : options.field;
  if (!options.keywords.empty()) {
    from.clear();
    for (const std::string& keyword : options.keywords) from += (from.empty() ? "" : "+") + keyword;
  }
  return std::make_unique<SimpleMetric>(
      column(ScoreKind::bounded),
      fmt::format("keyword_coverage|keywords:{}|case:{}|whole:{}|version:1", from,
                  options.ignore_case ? "lc" : "mixed", yes_no(options.whole_words)),
      [options](const Case& row, const Sample& sample) { return measure(options, row, sample); });
}

}  // namespace

extern const MetricInfo kKeywordCoverage;
constexpr MetricInfo kKeywordCoverage{
    .name = "keyword_coverage",
    .summary = "share of wanted words and phrases that the output holds",
    .source = "definition",
    .needs_references = false,
    .options = kOptions,
    .make = &make,
};

}  // namespace llmops
