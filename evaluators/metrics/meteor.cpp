// METEOR with exact and stem matches, and synonyms where WordNet is found: a mean of precision and
// recall, lowered where the matches lie scattered.
// Cost: O(n + m) words a stage.
#include "evaluators/metrics/text/meteor.h"

#include <fmt/format.h>

#include "evaluators/metrics/simple_metric.h"
#include "evaluators/metrics/text/wordnet.h"

namespace llmops {
namespace {

constexpr std::string_view kOptions[] = {"alpha", "beta", "gamma", "wordnet"};

// `wordnet: true` (it has to be there), `false`, a folder; absent: where Debian puts it, if it is
// there.
std::shared_ptr<const WordNet> read_wordnet(Fields& fields) {
  const Value* value = fields.value("wordnet");
  std::filesystem::path folder = WordNet::kUsualFolder;
  bool needed = false;
  if (value != nullptr && !value->is_null()) {
    if (const bool* wanted = value->boolean()) {
      if (!*wanted) return nullptr;
    } else {
      folder = std::filesystem::path(fields.source().file()).parent_path() / to_text(*value);
    }
    needed = true;
  }
  Result<std::shared_ptr<const WordNet>> opened = WordNet::open(folder);
  if (opened) return *opened;
  if (needed)
    fields.error(fields.mark("wordnet"),
                 fmt::format("no WordNet database in `{}`", folder.string()),
                 "expected index.noun, data.noun, noun.exc and those of verb, adj, adv",
                 "the Debian package `wordnet-base` puts one into /usr/share/wordnet");
  return nullptr;
}

std::unique_ptr<Metric> make(Fields& fields) {
  MeteorOptions options;
  options.alpha = fields.number("alpha", {0, 1}).value_or(options.alpha);
  options.beta = fields.number("beta", {0, 100}).value_or(options.beta);
  options.gamma = fields.number("gamma", {0, 1}).value_or(options.gamma);
  options.wordnet = read_wordnet(fields);
  return std::make_unique<SimpleMetric>(
      column(ScoreKind::bounded),
      fmt::format(
          "meteor|stages:exact+stem{}|case:lc|tok:split|alpha:{}|beta:{}|gamma:{}|version:1",
          options.wordnet == nullptr ? "" : "+wordnet", options.alpha, options.beta, options.gamma),
      [options](const Case& row, const Sample& sample) {
        if (row.references.empty()) return unscored(std::string(kNoReference));
        return scored(meteor(sample.text, row.references, options));
      });
}

}  // namespace

extern const MetricInfo kMeteor;
constexpr MetricInfo kMeteor{
    .name = "meteor",
    .summary = "word matches (equal, by stem, by synonym), less where they are scattered",
    .source = "Banerjee and Lavie 2005; nltk 3.8",
    .needs_references = true,
    .options = kOptions,
    .make = &make,
};

}  // namespace llmops
