// Answer correctness: how far answer and reference state the same.
//   llmops: statements of both, each held against the other text. TP: statements of the answer that
//   the reference says, FP: those that it does not, FN: statements of the reference that the answer
//   does not say; F1 = TP/(TP + (FP + FN)/2). Where neither states anything: unscored.
//   ragas: one question sorts the statements into TP, FP, FN; 0.75 F1 + 0.25 cosine of the two
//   texts.
// Cost: the judge's calls, which `plan` counts.
#include <fmt/format.h>

#include <set>

#include "evaluators/judge/embeddings_option.h"
#include "evaluators/judge/statements.h"
#include "evaluators/judge/verdict_text.h"
#include "evaluators/metrics/simple_metric.h"

namespace llmops {
namespace {

constexpr std::string_view kOptions[] = {"model",      "input",      "draws",
                                         "parameters", "definition", "embeddings"};
constexpr std::string_view kDefinitions[] = {"llmops", "ragas"};
constexpr double kFactWeight = 0.75, kSimilarityWeight = 0.25;  // of ragas

constexpr std::string_view kSort =
    "Sort the numbered statements of an answer and of a reference. TP: statements of the answer "
    "that statements of the reference bear out; FP: those of the answer that none bears out; FN: "
    "statements of the reference that the answer does not make. Each statement goes into one "
    "list.\n"
    "Reply with {\"reason\": \"...\", \"TP\": [numbers of the answer], \"FP\": [numbers of the "
    "answer], \"FN\": [numbers of the reference]}.";

struct Counts {
  double tp = 0, fp = 0, fn = 0;
  double f1() const { return tp == 0 ? 0.0 : tp / (tp + 0.5 * (fp + fn)); }
};

// How many distinct numbers of 1 to `most` a list holds; an item may be a
// number, its text, or a mapping.
std::size_t distinct(const Value* list, std::size_t most) {
  std::set<std::int64_t> seen;
  std::size_t texts = 0;
  if (list != nullptr && list->is_list())
    for (const Value& item : *list->list()) {
      const Value* number = item.find("number");
      const Value& said = number == nullptr ? item : *number;
      if (said.is_number())
        seen.insert(static_cast<std::int64_t>(said.number()));
      else
        ++texts;  // the statement itself
    }
  std::erase_if(seen, [&](std::int64_t n) { return n < 1 || n > static_cast<std::int64_t>(most); });
  return std::min(most, seen.size() + texts);
}

class AnswerCorrectness final : public StagedMetric {
 public:
  AnswerCorrectness(std::string definition, std::shared_ptr<Embedder> embedder,
                    JudgeOptions options)
      : StagedMetric(
            {
                .name = "answer_correctness",
                .definition = definition,
                .version = "1",
                .instructions = {kFindStatements, definition == "ragas" ? kSort : kJudgeSupport},
                .more = embedder == nullptr ? "" : "|embeddings:" + embedder->signature(),
                .columns = {column(ScoreKind::bounded)              },
                .questions = definition == "ragas" ? 3.0 : 4.0
  },
            std::move(options)),
        ragas_(definition == "ragas"),
        embedder_(std::move(embedder)) {}

  void connect(const AskingContext& context) override {
    StagedMetric::connect(context);
    if (embedder_ != nullptr) connect_embedder(*embedder_, context);
  }

 protected:
  Opening first(const Scorable& sample) const override {
    if (sample.row->references.empty())
      return {.tasks = {}, .why = std::string(kNoReference), .known = {}};
    Result<std::string> question = question_of(sample);
    if (!question) return {.tasks = {}, .why = question.problems().front().what, .known = {}};
    Opening opening;
    opening.tasks.push_back(find_statements(*question, sample.sample->text));
    opening.tasks.push_back(find_statements(*question, sample.row->references.front()));
    return opening;
  }

  std::vector<Task> second(const Scorable& sample, std::span<const Sample> answers) const override {
    const Parts said = read_statements(answers[0]), wanted = read_statements(answers[1]);
    if (!said.why.empty() || !wanted.why.empty()) return {};
    std::vector<Task> tasks;
    if (ragas_) {
      if (said.texts.empty() || wanted.texts.empty()) return {};
      Task task{.instructions = kSort, .exhibit = {}};
      task.exhibit.add("answer", numbered(said.texts));
      task.exhibit.add("reference", numbered(wanted.texts));
      return {task};
    }
    if (!said.texts.empty())
      tasks.push_back(judge_statements(kJudgeSupport, said.texts, sample.row->references.front()));
    if (!wanted.texts.empty())
      tasks.push_back(judge_statements(kJudgeSupport, wanted.texts, sample.sample->text));
    return tasks;
  }

  Conclusion conclude(const Scorable& sample, std::span<const Sample> first,
                      std::span<const Sample> second) const override {
    const Parts said = read_statements(first[0]), wanted = read_statements(first[1]);
    if (!said.why.empty()) return no_conclusion(said.why);
    if (!wanted.why.empty()) return no_conclusion(wanted.why);
    if (said.texts.empty() && wanted.texts.empty())
      return no_conclusion("neither answer nor reference states anything");
    Counts counts;
    std::string why =
        ragas_ ? sorted(said, wanted, second, counts) : held(said, wanted, second, counts);
    if (!why.empty()) return no_conclusion(std::move(why));
    double score = counts.f1();
    if (ragas_) {
      const std::string_view texts[] = {sample.sample->text, sample.row->references.front()};
      const std::vector<Embedding> vectors = embedder_->embed(texts);
      for (const Embedding& vector : vectors)
        if (vector.values == nullptr) return no_conclusion("no embedding: " + vector.why);
      score =
          kFactWeight * score + kSimilarityWeight * cosine(*vectors[0].values, *vectors[1].values);
    }
    return {{score},
            "",
            fmt::format("right {}, not in the reference {}, left out {}", counts.tp, counts.fp,
                        counts.fn)};
  }

 private:
  static std::string held(const Parts& said, const Parts& wanted, std::span<const Sample> second,
                          Counts& counts) {
    std::size_t at = 0;
    if (!said.texts.empty()) {
      const Verdicts found = read_part_verdicts(second[at++], said.texts.size());
      if (!found.why.empty()) return found.why;
      counts.tp = static_cast<double>(found.count(Verdict3::yes));
      counts.fp = static_cast<double>(said.texts.size()) - counts.tp;
    }
    if (!wanted.texts.empty()) {
      const Verdicts found = read_part_verdicts(second[at], wanted.texts.size());
      if (!found.why.empty()) return found.why;
      counts.fn = static_cast<double>(wanted.texts.size() - found.count(Verdict3::yes));
    }
    return "";
  }

  static std::string sorted(const Parts& said, const Parts& wanted, std::span<const Sample> second,
                            Counts& counts) {
    if (said.texts.empty() || wanted.texts.empty()) {
      counts.fp = static_cast<double>(said.texts.size());
      counts.fn = static_cast<double>(wanted.texts.size());
      return "";
    }
    if (std::string why = judge_failure(second[0]); !why.empty()) return why;
    static constexpr std::string_view kKeys[] = {"TP"};
    const auto object = last_object_with(second[0].text, kKeys);
    if (!object) return "no `TP` is found in the judge's answer";
    counts.tp = static_cast<double>(distinct(object->find("TP"), said.texts.size()));
    counts.fp = static_cast<double>(distinct(object->find("FP"), said.texts.size()));
    counts.fn = static_cast<double>(distinct(object->find("FN"), wanted.texts.size()));
    return counts.tp + counts.fp + counts.fn > 0 ? "" : "the judge sorted no statement";
  }

  bool ragas_;
  std::shared_ptr<Embedder> embedder_;
};

std::unique_ptr<Metric> make(Fields& fields) {
  JudgeOptions options = read_judge_options(fields);
  std::string definition = read_definition(fields, kDefinitions);
  std::shared_ptr<Embedder> embedder;
  if (definition == "ragas") {
    embedder = read_embeddings(fields);
    if (embedder == nullptr) return nullptr;
  }
  return std::make_unique<AnswerCorrectness>(std::move(definition), std::move(embedder),
                                             std::move(options));
}

}  // namespace

extern const MetricInfo kAnswerCorrectness;
constexpr MetricInfo kAnswerCorrectness{
    .name = "answer_correctness",
    .summary = "F1 of the statements of answer and reference (asks a judge)",
    .source = "Ragas 0.2's definition",
    .needs_references = true,
    .options = kOptions,
    .make = &make,
};

}  // namespace llmops
