// Context relevancy: how much of the passages helps to answer the question: relevant / all, over
// all passages together.
//   llmops: the sentences of the passages (Unicode's rules), one question a passage.
//   deepeval: the judge itself takes each passage apart into statements; none at all: 0.
// Cost: the judge's calls, which `plan` counts.
#include "evaluators/judge/statements.h"
#include "evaluators/metrics/simple_metric.h"
#include "evaluators/metrics/text/sentences.h"

namespace llmops {
namespace {

constexpr std::string_view kOptions[] = {"model", "input", "draws", "parameters", "definition"};
constexpr std::string_view kDefinitions[] = {"llmops", "deepeval"};

constexpr std::string_view kJudgeRelevance =
    "Decide of each numbered sentence whether it helps to answer the question: yes where it says "
    "something that an answer needs, else no.\n"
    "Reply with {\"verdicts\": [{\"number\": 1, \"reason\": \"...\", \"verdict\": \"yes\"}, "
    "...]}: one verdict for each sentence, in their order.";
constexpr std::string_view kSplitAndJudge =
    "List what the passage states, and decide of each statement whether it helps to answer the "
    "question: yes where it says something that an answer needs, else no.\n"
    "Reply with {\"verdicts\": [{\"statement\": \"...\", \"reason\": \"...\", \"verdict\": "
    "\"yes\"}, ...]}; the list is empty where the passage states nothing.";

class ContextRelevancy final : public StagedMetric {
 public:
  ContextRelevancy(std::string definition, JudgeOptions options)
      : StagedMetric({.name = "context_relevancy",
                      .definition = definition,
                      .version = "1",
                      .instructions = {definition == "deepeval" ? kSplitAndJudge : kJudgeRelevance},
                      .more = "",
                      .columns = {column(ScoreKind::bounded)},
                      .questions = kUsualPassages},
                     std::move(options)),
        deepeval_(definition == "deepeval") {}

 protected:
  Opening first(const Scorable& sample) const override {
    const std::vector<std::string>& passages = passages_for(sample);
    if (passages.empty()) return {.tasks = {}, .why = "the case has no passages", .known = {}};
    Result<std::string> question = question_of(sample);
    if (!question) return {.tasks = {}, .why = question.problems().front().what, .known = {}};
    Opening opening;
    for (const std::string& passage : passages) {
      Task task{.instructions = deepeval_ ? kSplitAndJudge : kJudgeRelevance, .exhibit = {}};
      task.exhibit.add("question", *question);
      if (deepeval_) {
        task.exhibit.add("passage", passage);
      } else {
        const std::vector<std::string> sentences = sentences_of(passage);
        if (sentences.empty()) continue;
        task.exhibit.add("sentences", numbered(sentences));
      }
      opening.tasks.push_back(std::move(task));
    }
    if (opening.tasks.empty()) opening.why = "the passages state nothing";
    return opening;
  }

  Conclusion conclude(const Scorable& sample, std::span<const Sample> first,
                      std::span<const Sample>) const override {
    std::size_t relevant = 0, all = 0, at = 0;
    for (const std::string& passage : passages_for(sample)) {
      const std::size_t wanted = deepeval_ ? 0 : sentences_of(passage).size();
      if (!deepeval_ && wanted == 0) continue;
      const Verdicts found = read_part_verdicts(first[at++], wanted);
      if (!found.why.empty()) return no_conclusion(found.why);
      relevant += found.count(Verdict3::yes);
      all += found.verdicts.size();
    }
    if (all == 0) return {{0.0}, "", "the judge found no statement in the passages"};
    return {{static_cast<double>(relevant) / static_cast<double>(all)}, "", ""};
  }

 private:
  bool deepeval_;
};

std::unique_ptr<Metric> make(Fields& fields) {
  JudgeOptions options = read_judge_options(fields);
  return std::make_unique<ContextRelevancy>(read_definition(fields, kDefinitions),
                                            std::move(options));
}

}  // namespace

extern const MetricInfo kContextRelevancy;
constexpr MetricInfo kContextRelevancy{
    .name = "context_relevancy",
    .summary = "share of the passages that helps to answer the question (asks a judge)",
    .source = "definition; DeepEval's contextual relevancy",
    .needs_references = false,
    .options = kOptions,
    .make = &make,
};

}  // namespace llmops
