// Hallucination: how much the answer contradicts its passages.
//   llmops: statements of the answer, then yes, no or idk on each: the share that the passages
//   contradict; an answer that states nothing is unscored.
//   deepeval: one verdict a passage, no only where the answer contradicts it: no / passages;
//   without passages 0.
// Cost: the judge's calls, which `plan` counts.
#include "evaluators/judge/statements.h"
#include "evaluators/metrics/simple_metric.h"

namespace llmops {
namespace {

constexpr std::string_view kOptions[] = {"model", "input", "draws", "parameters", "definition"};
constexpr std::string_view kDefinitions[] = {"llmops", "deepeval"};

constexpr std::string_view kJudgePassages =
    "Decide of each numbered passage whether the answer agrees with it: no only where the answer "
    "contradicts what the passage says, else yes. Details that the answer leaves out or adds do "
    "not matter.\n"
    "Reply with {\"verdicts\": [{\"number\": 1, \"reason\": \"...\", \"verdict\": \"yes\"}, "
    "...]}: one verdict for each passage, in their order.";

class Hallucination final : public StagedMetric {
 public:
  Hallucination(std::string definition, JudgeOptions options)
      : StagedMetric(
            {
                .name = "hallucination",
                .definition = definition,
                .version = "1",
                .instructions =
                    definition == "deepeval"
                        ? std::vector<std::string_view>{kJudgePassages}
                        : std::vector<std::string_view>{            kFindStatements,  kJudgeContradiction},
                .more = "",
                .columns = { column(ScoreKind::bounded, {}, Better::lower)},
                .questions = definition == "deepeval" ? 1.0 : 2.0
  },
            std::move(options)),
        deepeval_(definition == "deepeval") {}

 protected:
  Opening first(const Scorable& sample) const override {
    const std::vector<std::string>& passages = passages_for(sample);
    if (passages.empty())
      return deepeval_ ? Opening{.tasks = {}, .why = "", .known = 0.0}
                       : Opening{.tasks = {}, .why = "the case has no passages", .known = {}};
    Opening opening;
    if (deepeval_) {
      Task task{.instructions = kJudgePassages, .exhibit = {}};
      task.exhibit.add("passages", numbered(passages));
      task.exhibit.add("answer", sample.sample->text);
      opening.tasks.push_back(std::move(task));
      return opening;
    }
    Result<std::string> question = question_of(sample);
    if (!question) return {.tasks = {}, .why = question.problems().front().what, .known = {}};
    opening.tasks.push_back(find_statements(*question, sample.sample->text));
    return opening;
  }

  std::vector<Task> second(const Scorable& sample, std::span<const Sample> answers) const override {
    if (deepeval_) return {};
    const Parts statements = read_statements(answers[0]);
    if (statements.texts.empty()) return {};
    return {
        judge_statements(kJudgeContradiction, statements.texts, numbered(passages_for(sample)))};
  }

  Conclusion conclude(const Scorable& sample, std::span<const Sample> first,
                      std::span<const Sample> second) const override {
    std::vector<std::string> judged = passages_for(sample);
    if (!deepeval_) {
      Parts statements = read_statements(first[0]);
      if (!statements.why.empty()) return no_conclusion(statements.why);
      if (statements.texts.empty()) return no_conclusion("the answer states nothing");
      judged = std::move(statements.texts);
    }
    const Verdicts found = read_part_verdicts(deepeval_ ? first[0] : second[0], judged.size());
    if (!found.why.empty()) return no_conclusion(found.why);
    return {
        {static_cast<double>(found.count(Verdict3::no)) / static_cast<double>(judged.size())},
        "",
        statement_note(judged, found, Verdict3::no,
                       deepeval_ ? "passages are contradicted" : "statements are contradicted")};
  }

 private:
  bool deepeval_;
};

std::unique_ptr<Metric> make(Fields& fields) {
  JudgeOptions options = read_judge_options(fields);
  return std::make_unique<Hallucination>(read_definition(fields, kDefinitions), std::move(options));
}

}  // namespace

extern const MetricInfo kHallucination;
constexpr MetricInfo kHallucination{
    .name = "hallucination",
    .summary = "share of what the answer states that its passages contradict (asks a judge)",
    .source = "definition; DeepEval's definition",
    .needs_references = false,
    .options = kOptions,
    .make = &make,
    .safety = true,
};

}  // namespace llmops
