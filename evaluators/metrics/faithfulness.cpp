// Faithfulness: how much of what an answer states its passages say.
//   llmops, ragas: statements of the answer, then a yes or no on each: yes / all. An answer that
//   states nothing is unscored; one without passages, too, but with ragas it is held against
//   nothing.
//   With `nli` a classifier of entailment judges each statement in the judge's place (Ragas'
//   FaithfulnesswithHHEM): a call for each, "entailment" or a number from 0.5 on is a yes.
//   deepeval: truths of the passages beside claims of the answer, then yes, no or idk on each
//   claim: the share that is not no; an answer that claims nothing scores 1.
// Cost: the judge's calls, which `plan` counts.
#include <fmt/format.h>

#include "evaluators/judge/statements.h"
#include "evaluators/metrics/simple_metric.h"

namespace llmops {
namespace {

constexpr std::string_view kOptions[] = {"model",      "input",           "draws", "parameters",
                                         "definition", "penalize_unsure", "nli"};
constexpr double kUsualStatements = 5;  // of an answer, where plans need a number
constexpr std::size_t kClassifier = 1;  // place among the wishes
constexpr std::string_view kDefinitions[] = {"llmops", "ragas", "deepeval"};

class Faithfulness final : public StagedMetric {
 public:
  Faithfulness(std::string definition, bool penalize_unsure, bool classified, JudgeOptions options)
      : StagedMetric(
            {
                .name = "faithfulness",
                .definition = definition,
                .version = "1",
                .instructions = {kFindStatements,
                                 definition == "deepeval" ? kJudgeContradiction : kJudgeSupport},
                .more = std::string(penalize_unsure ? "|unsure:fails" : "") +
                        (classified ? "|verdicts:nli" : ""),
                .columns = {column(ScoreKind::bounded)              },
                .questions = definition == "deepeval" ? 3.0 : 2.0
  },
            std::move(options)),
        definition_(std::move(definition)),
        penalize_unsure_(penalize_unsure),
        classified_(classified) {}

  double questions_per_sample() const override {
    return classified_ ? (1.0 + kUsualStatements) * options().draws
                       : StagedMetric::questions_per_sample();
  }

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
    if (classified_) {
      std::vector<Task> tasks;
      for (const std::string& claim : claims.texts) {
        Task& task = tasks.emplace_back();
        task.model = kClassifier;
        task.variables = {
            {"premise",    plain(passages_for(sample))},
            {"hypothesis", claim                      }
        };
      }
      return tasks;
    }
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
    const Verdicts found =
        classified_ ? classes_of(second) : read_part_verdicts(second[0], claims.texts.size());
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
  static std::string plain(const std::vector<std::string>& passages) {
    std::string text;
    for (const std::string& passage : passages) text += (text.empty() ? "" : "\n") + passage;
    return text;
  }

  // What the classifier said of each statement.
  static Verdicts classes_of(std::span<const Sample> answers) {
    Verdicts found;
    for (const Sample& answer : answers) {
      found.why = answer.error ? "the classifier failed: " + answer.error.message : "";
      const auto verdict = entailed(answer.text);
      if (found.why.empty() && !verdict)
        found.why = fmt::format("the classifier said `{}`", answer.text.substr(0, 40));
      if (!found.why.empty()) {
        found.verdicts.clear();
        return found;
      }
      found.verdicts.push_back(*verdict ? Verdict3::yes : Verdict3::no);
    }
    return found;
  }

  // A label of the usual NLI models, or the probability of entailment, rounded.
  static std::optional<bool> entailed(const std::string& said) {
    std::string word;
    for (const char c : said)
      if (c != '"' && c != ' ' && c != '\n')
        word += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    if (const auto probability = number_of(word);
        probability && *probability >= 0 && *probability <= 1)
      return *probability >= 0.5;
    for (const std::string_view yes : {"entailment", "consistent", "supported"})
      if (word == yes) return true;
    for (const std::string_view no : {"neutral", "contradiction", "not_entailment", "hallucinated",
                                      "inconsistent", "not_supported"})
      if (word == no) return false;
    return std::nullopt;
  }

  std::string definition_;
  bool penalize_unsure_, classified_;
};

std::unique_ptr<Metric> make(Fields& fields) {
  JudgeOptions options = read_judge_options(fields);
  std::string definition = read_definition(fields, kDefinitions);
  const bool unsure = fields.boolean("penalize_unsure").value_or(false);
  if (fields.has("nli")) {
    if (definition == "deepeval")
      fields.error(fields.mark("nli"), "`nli` with DeepEval's definition",
                   "expected it with `llmops` or `ragas`");
    ModelWish wish = read_model_wish(fields, "nli");
    wish.role = "NLI classifier";
    options.wishes.push_back(std::move(wish));
  }
  const bool classified = options.wishes.size() > 1;
  return std::make_unique<Faithfulness>(std::move(definition), unsure, classified,
                                        std::move(options));
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
