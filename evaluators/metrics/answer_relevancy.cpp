// Answer relevancy: whether the answer is about what was asked.
//   llmops, ragas: from the answer alone a judge guesses the question, several times, and says
//   whether the answer is noncommittal. Score: mean cosine of the guessed questions with the real
//   one, by an embedding model. Noncommittal: llmops counts such a guess as 0 (and a cosine below
//   0, too); ragas sets the score to 0 where all guesses say so. Without a guess: unscored.
//   deepeval: statements of the answer, a verdict on each against the question: the share that is
//   not no; without a statement 1.
// Cost: the judge's calls, which `plan` counts.
#include <fmt/format.h>

#include <algorithm>

#include "evaluators/judge/embeddings_option.h"
#include "evaluators/judge/statements.h"
#include "evaluators/judge/verdict_text.h"
#include "evaluators/metrics/simple_metric.h"

namespace llmops {
namespace {

constexpr std::string_view kOptions[] = {"model",      "input",     "draws",     "parameters",
                                         "definition", "questions", "embeddings"};
constexpr std::string_view kDefinitions[] = {"llmops", "ragas", "deepeval"};

constexpr std::string_view kGuessQuestion =
    "Write the question that the text answers, as somebody would have asked it who got this text "
    "as the answer. Then say whether the text is noncommittal: evasive, vague, or a statement "
    "that the answer is not known.\n"
    "Reply with {\"question\": \"...\", \"noncommittal\": false}.";
constexpr std::string_view kJudgeRelevance =
    "Decide of each numbered statement of an answer whether it is relevant to the question: yes "
    "where it answers it or helps to, idk where it is only loosely related, no where it has "
    "nothing to do with it.\n"
    "Reply with {\"verdicts\": [{\"number\": 1, \"reason\": \"...\", \"verdict\": \"yes\"}, "
    "...]}: one verdict for each statement, in their order.";

struct Guess {
  std::string question;  // empty: the judge found none
  bool noncommittal = false;
  std::string why;
};

Guess read_guess(const Sample& answer) {
  static constexpr std::string_view kKeys[] = {"question"};
  Guess guess{.question = "", .why = judge_failure(answer)};
  if (!guess.why.empty()) return guess;
  const auto object = last_object_with(answer.text, kKeys);
  if (!object) {
    guess.why = "no `question` is found in the judge's answer";
    return guess;
  }
  const Value* question = object->find("question");
  if (question->is_string()) guess.question = *question->string();
  if (const Value* evasive = object->find("noncommittal")) {
    const std::string text = to_text(*evasive);
    guess.noncommittal = text == "true" || text == "1" || text == "1.0" || text == "yes";
  }
  return guess;
}

class AnswerRelevancy final : public StagedMetric {
 public:
  AnswerRelevancy(std::string definition, int questions, std::shared_ptr<Embedder> embedder,
                  JudgeOptions options)
      : StagedMetric(
            {
                .name = "answer_relevancy",
                .definition = definition,
                .version = "1",
                .instructions =
                    definition == "deepeval"
                        ? std::vector<std::string_view>{kFindStatements,                                     kJudgeRelevance}
                        : std::vector<std::string_view>{kGuessQuestion                                     },
                .more = embedder == nullptr ? ""
                                            : fmt::format("|questions:{}|embeddings:{}", questions,
                                                          embedder->signature()),
                .columns = {column(ScoreKind::bounded,
                                                        definition == "ragas" ? Range{-1.0, 1.0} : Range{})               },
                .questions = definition == "deepeval" ? 2.0 : static_cast<double>(questions)
  },
            std::move(options)),
        definition_(std::move(definition)),
        questions_(questions),
        embedder_(std::move(embedder)) {}

  void connect(const AskingContext& context) override {
    StagedMetric::connect(context);
    if (embedder_ != nullptr) connect_embedder(*embedder_, context);
  }

 protected:
  Opening first(const Scorable& sample) const override {
    Result<std::string> question = question_of(sample);
    if (!question) return {.tasks = {}, .why = question.problems().front().what, .known = {}};
    Opening opening;
    if (definition_ == "deepeval") {
      opening.tasks.push_back(find_statements("", sample.sample->text));
      return opening;
    }
    for (int i = 0; i < questions_; ++i) {
      Task task{.instructions = kGuessQuestion, .exhibit = {}};
      task.exhibit.add("text", sample.sample->text);
      task.again = i;
      opening.tasks.push_back(std::move(task));
    }
    return opening;
  }

  std::vector<Task> second(const Scorable& sample, std::span<const Sample> answers) const override {
    if (definition_ != "deepeval") return {};
    const Parts statements = read_statements(answers[0]);
    const Result<std::string> question = question_of(sample);
    if (statements.texts.empty() || !question) return {};
    Task task{.instructions = kJudgeRelevance, .exhibit = {}};
    task.exhibit.add("question", *question);
    task.exhibit.add("statements", numbered(statements.texts));
    return {task};
  }

  Conclusion conclude(const Scorable& sample, std::span<const Sample> first,
                      std::span<const Sample> second) const override {
    if (definition_ != "deepeval") return by_guesses(sample, first);
    const Parts statements = read_statements(first[0]);
    if (!statements.why.empty()) return no_conclusion(statements.why);
    if (statements.texts.empty()) return {{1.0}, "", "the answer states nothing"};
    const Verdicts found = read_part_verdicts(second[0], statements.texts.size());
    if (!found.why.empty()) return no_conclusion(found.why);
    const double share = static_cast<double>(found.count(Verdict3::no)) /
                         static_cast<double>(statements.texts.size());
    return {
        {1.0 - share},
        "",
        statement_note(statements.texts, found, Verdict3::no, "statements are beside the point")};
  }

 private:
  Conclusion by_guesses(const Scorable& sample, std::span<const Sample> answers) const {
    const Result<std::string> question = question_of(sample);
    if (!question) return no_conclusion(question.problems().front().what);
    std::vector<Guess> guesses;
    for (const Sample& answer : answers) {
      Guess guess = read_guess(answer);
      if (!guess.why.empty()) return no_conclusion(guess.why);
      if (!guess.question.empty()) guesses.push_back(std::move(guess));
    }
    if (guesses.empty())
      return no_conclusion("the judge found no question that the answer answers");
    std::vector<std::string_view> texts = {*question};
    for (const Guess& guess : guesses) texts.push_back(guess.question);
    const std::vector<Embedding> vectors = embedder_->embed(texts);
    for (const Embedding& vector : vectors)
      if (vector.values == nullptr) return no_conclusion("no embedding: " + vector.why);
    const bool ragas = definition_ == "ragas";
    double sum = 0;
    std::size_t evasive = 0;
    for (std::size_t i = 0; i < guesses.size(); ++i) {
      const double similar = cosine(*vectors[0].values, *vectors[i + 1].values);
      evasive += guesses[i].noncommittal;
      if (ragas)
        sum += similar;
      else if (!guesses[i].noncommittal)
        sum += std::clamp(similar, 0.0, 1.0);
    }
    double score = sum / static_cast<double>(guesses.size());
    if (ragas && evasive == guesses.size()) score = 0;
    return {{score},
            "",
            evasive > 0 ? fmt::format("noncommittal: {} of {}", evasive, guesses.size())
                        : "guessed: " + guesses.front().question.substr(0, 120)};
  }

  std::string definition_;
  int questions_;
  std::shared_ptr<Embedder> embedder_;
};

std::unique_ptr<Metric> make(Fields& fields) {
  JudgeOptions options = read_judge_options(fields);
  std::string definition = read_definition(fields, kDefinitions);
  const int questions = static_cast<int>(fields.integer("questions", {1, 20}).value_or(3));
  std::shared_ptr<Embedder> embedder;
  if (definition != "deepeval") {
    embedder = read_embeddings(fields);
    if (embedder == nullptr) return nullptr;
  }
  return std::make_unique<AnswerRelevancy>(std::move(definition), questions, std::move(embedder),
                                           std::move(options));
}

}  // namespace

extern const MetricInfo kAnswerRelevancy;
constexpr MetricInfo kAnswerRelevancy{
    .name = "answer_relevancy",
    .summary =
        "whether the answer is about what was asked (asks a judge, and "
        "an embedding model)",
    .source = "Es et al. 2024 (RAGAS); definitions of Ragas and DeepEval",
    .needs_references = false,
    .options = kOptions,
    .make = &make,
};

}  // namespace llmops
