// Faithfulness: how much of what an answer states its passages say.
//   llmops, ragas: statements of the answer, then a yes or no on each: yes / all. An answer that
//   states nothing is unscored; one without passages, too, but with ragas it is held against
//   nothing.
//   deepeval: truths of the passages beside claims of the answer, then yes, no or idk on each
//   claim: the share that is not no; an answer that claims nothing scores 1.
#include "evaluators/judge/statements.h"
#include "evaluators/metrics/simple_metric.h"

namespace llmops {
namespace {

constexpr std::string_view kOptions[] = {"model",      "input",      "draws",
                                         "parameters", "definition", "penalize_unsure"};
constexpr std::string_view kDefinitions[] = {"llmops", "ragas", "deepeval"};

class Faithfulness final : public StagedMetric {
 public:
  Faithfulness(std::string definition, bool penalize_unsure, JudgeOptions options)
      : StagedMetric(
            {
                .name = "faithfulness",
                .definition = definition,
                .version = "1",
                .instructions = {kFindStatements,
                                 definition == "deepeval" ? kJudgeContradiction : kJudgeSupport},
                .more = penalize_unsure ? "|unsure:fails" : "",
                .columns = {column(ScoreKind::bounded)              },
                .questions = definition == "deepeval" ? 3.0 : 2.0
  },
            std::move(options)),
        definition_(std::move(definition)),
        penalize_unsure_(penalize_unsure) {}

 protected:
  Opening first(const Scorable& sample) const override {
    const std::vector<std::string>& passages = passages_for(sample);
    if (passages.empty() && definition_ != "ragas")
      return {.tasks = {}, .why = "the case has no passages", .known = {}};
    Result<std::string> question = question_of(sample);
    if (!question) return {.tasks = {}, .why = question.problems().front().what, .known = {}};
    Opening opening;
    opening.tasks.push_back(find_statements(*question, sample.sample->text));
    if (definition_ == "deepeval") opening.tasks.push_back(find_statements("", numbered(passages)));
    return opening;
  }

  std::vector<Task> second(const Scorable& sample, std::span<const Sample> answers) const override {
    const Parts claims = read_statements(answers[0]);
    if (claims.texts.empty()) return {};
    if (definition_ != "deepeval")
      return {judge_statements(kJudgeSupport, claims.texts, numbered(passages_for(sample)))};
    const Parts truths = read_statements(answers[1]);
    if (!truths.why.empty()) return {};
    return {judge_statements(kJudgeContradiction, claims.texts, numbered(truths.texts))};
  }

  Conclusion conclude(const Scorable&, std::span<const Sample> first,
                      std::span<const Sample> second) const override {
    const bool deepeval = definition_ == "deepeval";
    const Parts claims = read_statements(first[0]);
    if (!claims.why.empty()) return no_conclusion(claims.why);
    if (deepeval)
      if (const Parts truths = read_statements(first[1]); !truths.why.empty())
        return no_conclusion(truths.why);
    if (claims.texts.empty()) {
      if (deepeval) return {{1.0}, "", "the answer claims nothing"};
      return no_conclusion("the answer states nothing");
    }
    const Verdicts found = read_part_verdicts(second[0], claims.texts.size());
    if (!found.why.empty()) return no_conclusion(found.why);
    const auto all = static_cast<double>(claims.texts.size());
    if (!deepeval)
      return {{share_of_yes(found)},
              "",
              statement_note(claims.texts, found, Verdict3::no, "statements are not supported")};
    const std::size_t failed =
        found.count(Verdict3::no) + (penalize_unsure_ ? found.count(Verdict3::unsure) : 0);
    return {{1.0 - static_cast<double>(failed) / all},
            "",
            statement_note(claims.texts, found, Verdict3::no, "claims are contradicted")};
  }

 private:
  std::string definition_;
  bool penalize_unsure_;
};

std::unique_ptr<Metric> make(Fields& fields) {
  JudgeOptions options = read_judge_options(fields);
  std::string definition = read_definition(fields, kDefinitions);
  const bool unsure = fields.boolean("penalize_unsure").value_or(false);
  return std::make_unique<Faithfulness>(std::move(definition), unsure, std::move(options));
}

}  // namespace

extern const MetricInfo kFaithfulness;
constexpr MetricInfo kFaithfulness{
    .name = "faithfulness",
    .summary = "share of what the answer states that its passages say (asks a judge)",
    .source = "Es et al. 2024 (RAGAS); definitions of Ragas and DeepEval",
    .needs_references = false,
    .options = kOptions,
    .make = &make,
};

}  // namespace llmops
