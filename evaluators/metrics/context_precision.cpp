// Context precision: whether the useful passages come first. Average precision over the passages in
// the order of their retrieval: with v_k = 1 where passage k was useful for arriving at the
// reference (without one, at the answer),
//   AP = sum_k v_k (sum_{j<=k} v_j / k) / sum_k v_k, and 0 where none was useful.
//   llmops: one question a passage; no passages: unscored.
//   ragas: the same with 1e-10 added to the divisor.
//   deepeval: one question about all passages, against the reference; no passages: 0.
// Cost: the judge's calls, which `plan` counts.
#include <fmt/format.h>

#include "evaluators/judge/statements.h"
#include "evaluators/metrics/simple_metric.h"

namespace llmops {
namespace {

constexpr std::string_view kOptions[] = {"model", "input", "draws", "parameters", "definition"};
constexpr std::string_view kDefinitions[] = {"llmops", "ragas", "deepeval"};

constexpr std::string_view kJudgeOne =
    "Decide whether the passage was useful for arriving at the answer to the question: yes where "
    "it holds something that the answer says or rests on, else no.\n"
    "Reply with {\"verdicts\": [{\"reason\": \"...\", \"verdict\": \"yes\"}]}.";
constexpr std::string_view kJudgeAll =
    "Decide of each numbered passage whether it was useful for arriving at the answer to the "
    "question: yes where it holds something that the answer says or rests on, else no.\n"
    "Reply with {\"verdicts\": [{\"number\": 1, \"reason\": \"...\", \"verdict\": \"yes\"}, "
    "...]}: one verdict for each passage, in their order.";

double average_precision(std::span<const Verdict3> verdicts, double added) {
  double useful = 0, sum = 0;
  for (std::size_t k = 0; k < verdicts.size(); ++k) {
    if (verdicts[k] != Verdict3::yes) continue;
    ++useful;
    sum += useful / static_cast<double>(k + 1);
  }
  return useful == 0 ? 0.0 : sum / (useful + added);
}

class ContextPrecision final : public StagedMetric {
 public:
  ContextPrecision(std::string definition, JudgeOptions options)
      : StagedMetric({.name = "context_precision",
                      .definition = definition,
                      .version = "1",
                      .instructions = {definition == "deepeval" ? kJudgeAll : kJudgeOne},
                      .more = "",
                      .columns = {column(ScoreKind::bounded)},
                      .questions = definition == "deepeval" ? 1 : kUsualPassages},
                     std::move(options)),
        definition_(std::move(definition)) {}

 protected:
  Opening first(const Scorable& sample) const override {
    const std::vector<std::string>& passages = passages_for(sample);
    const bool deepeval = definition_ == "deepeval";
    if (deepeval && sample.row->references.empty())
      return {.tasks = {}, .why = std::string(kNoReference), .known = {}};
    if (passages.empty())
      return deepeval ? Opening{.tasks = {}, .why = "", .known = 0.0}
                      : Opening{.tasks = {}, .why = "the case has no passages", .known = {}};
    Result<std::string> question = question_of(sample);
    if (!question) return {.tasks = {}, .why = question.problems().front().what, .known = {}};
    const std::string& answer =
        sample.row->references.empty() ? sample.sample->text : sample.row->references.front();
    Opening opening;
    const auto add = [&](std::string_view instructions, const std::string& name,
                         const std::string& text) {
      Task task{.instructions = instructions, .exhibit = {}};
      task.exhibit.add("question", *question);
      task.exhibit.add("answer", answer);
      task.exhibit.add(name, text);
      opening.tasks.push_back(std::move(task));
    };
    if (deepeval)
      add(kJudgeAll, "passages", numbered(passages));
    else
      for (const std::string& passage : passages) add(kJudgeOne, "passage", passage);
    return opening;
  }

  Conclusion conclude(const Scorable& sample, std::span<const Sample> first,
                      std::span<const Sample>) const override {
    const std::size_t passages = passages_for(sample).size();
    std::vector<Verdict3> verdicts;
    for (const Sample& answer : first) {
      const Verdicts found = read_part_verdicts(answer, definition_ == "deepeval" ? passages : 1);
      if (!found.why.empty()) return no_conclusion(found.why);
      verdicts.insert(verdicts.end(), found.verdicts.begin(), found.verdicts.end());
    }
    std::string order;
    for (const Verdict3 verdict : verdicts)
      order += fmt::format("{}{}", order.empty() ? "" : " ", verdict == Verdict3::yes ? 1 : 0);
    return {{average_precision(verdicts, definition_ == "ragas" ? 1e-10 : 0.0)},
            "",
            "useful, in their order: " + order};
  }

 private:
  std::string definition_;
};

std::unique_ptr<Metric> make(Fields& fields) {
  JudgeOptions options = read_judge_options(fields);
  return std::make_unique<ContextPrecision>(read_definition(fields, kDefinitions),
                                            std::move(options));
}

}  // namespace

extern const MetricInfo kContextPrecision;
constexpr MetricInfo kContextPrecision{
    .name = "context_precision",
    .summary = "whether the useful passages come first (asks a judge)",
    .source = "average precision; definitions of Ragas and DeepEval",
    .needs_references = false,
    .options = kOptions,
    .make = &make,
};

}  // namespace llmops
