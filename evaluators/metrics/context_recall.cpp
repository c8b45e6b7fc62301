// Context recall: how much of the reference the passages say: supported / all.
//   llmops: the sentences of the reference (Unicode's rules), a verdict on each; a reference
//   without a sentence is unscored. ragas, deepeval: the judge itself goes through the sentences;
//   where it finds none, ragas leaves unscored and deepeval gives 0.
// Cost: the judge's calls, which `plan` counts.
#include "evaluators/judge/statements.h"
#include "evaluators/metrics/simple_metric.h"
#include "evaluators/metrics/text/sentences.h"

namespace llmops {
namespace {

constexpr std::string_view kOptions[] = {"model", "input", "draws", "parameters", "definition"};
constexpr std::string_view kDefinitions[] = {"llmops", "ragas", "deepeval"};

constexpr std::string_view kJudgeSentences =
    "Go through the text sentence by sentence and decide of each whether the source says it: yes "
    "where it can be attributed to the source, else no.\n"
    "Reply with {\"verdicts\": [{\"statement\": \"...\", \"reason\": \"...\", \"verdict\": "
    "\"yes\"}, ...]}: one verdict for each sentence, in their order.";

class ContextRecall final : public StagedMetric {
 public:
  ContextRecall(std::string definition, JudgeOptions options)
      : StagedMetric({.name = "context_recall",
                      .definition = definition,
                      .version = "1",
                      .instructions = {definition == "llmops" ? kJudgeSupport : kJudgeSentences},
                      .more = "",
                      .columns = {column(ScoreKind::bounded)},
                      .questions = 1},
                     std::move(options)),
        definition_(std::move(definition)) {}

 protected:
  Opening first(const Scorable& sample) const override {
    if (sample.row->references.empty())
      return {.tasks = {}, .why = std::string(kNoReference), .known = {}};
    const std::vector<std::string>& passages = passages_for(sample);
    if (passages.empty()) return {.tasks = {}, .why = "the case has no passages", .known = {}};
    Opening opening;
    if (definition_ == "llmops") {
      const std::vector<std::string> sentences = sentences_of(sample.row->references.front());
      if (sentences.empty() || sentences.size() > kMostParts)
        return {.tasks = {},
                .why = sentences.empty() ? "the reference states nothing"
                                         : "the reference has too many sentences",
                .known = {}};
      opening.tasks.push_back(judge_statements(kJudgeSupport, sentences, numbered(passages)));
      return opening;
    }
    Task task{.instructions = kJudgeSentences, .exhibit = {}};
    task.exhibit.add("source", numbered(passages));
    task.exhibit.add("text", sample.row->references.front());
    opening.tasks.push_back(std::move(task));
    return opening;
  }

  Conclusion conclude(const Scorable& sample, std::span<const Sample> first,
                      std::span<const Sample>) const override {
    const std::vector<std::string> sentences = definition_ == "llmops"
                                                   ? sentences_of(sample.row->references.front())
                                                   : std::vector<std::string>();
    const Verdicts found = read_part_verdicts(first[0], sentences.size());
    if (!found.why.empty()) return no_conclusion(found.why);
    if (found.verdicts.empty()) {
      if (definition_ == "deepeval") return {{0.0}, "", "the judge found no sentence"};
      return no_conclusion("the judge found no sentence in the reference");
    }
    return {{share_of_yes(found)},
            "",
            sentences.empty()
                ? ""
                : statement_note(sentences, found, Verdict3::no,
                                 "sentences of the reference are not in the passages")};
  }

 private:
  std::string definition_;
};

std::unique_ptr<Metric> make(Fields& fields) {
  JudgeOptions options = read_judge_options(fields);
  return std::make_unique<ContextRecall>(read_definition(fields, kDefinitions), std::move(options));
}

}  // namespace

extern const MetricInfo kContextRecall;
constexpr MetricInfo kContextRecall{
    .name = "context_recall",
    .summary = "share of the reference that the passages say (asks a judge)",
    .source = "Es et al. 2024 (RAGAS); definitions of Ragas and DeepEval",
    .needs_references = true,
    .options = kOptions,
    .make = &make,
};

}  // namespace llmops
