// Answer correctness: how far answer and reference state the same. Statements of both, each held
// against the other text. TP: statements of the answer that the reference says, FP: those that it
// does not, FN: statements of the reference that the answer does not say;
//   F1 = TP/(TP + (FP + FN)/2), unscored where neither states anything.
#include <fmt/format.h>

#include "evaluators/judge/statements.h"
#include "evaluators/metrics/simple_metric.h"

namespace llmops {
namespace {

constexpr std::string_view kOptions[] = {"model", "input", "draws", "parameters"};

struct Counts {
  double tp = 0, fp = 0, fn = 0;
  double f1() const { return tp == 0 ? 0.0 : tp / (tp + 0.5 * (fp + fn)); }
};

class AnswerCorrectness final : public StagedMetric {
 public:
  explicit AnswerCorrectness(JudgeOptions options)
      : StagedMetric(
            {
                .name = "answer_correctness",
                .definition = "llmops",
                .version = "1",
                .instructions = {kFindStatements, kJudgeSupport},
                .more = "",
                .columns = {column(ScoreKind::bounded)              }
  },
            std::move(options)) {}

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
    if (!said.texts.empty())
      tasks.push_back(judge_statements(kJudgeSupport, said.texts, sample.row->references.front()));
    if (!wanted.texts.empty())
      tasks.push_back(judge_statements(kJudgeSupport, wanted.texts, sample.sample->text));
    return tasks;
  }

  Conclusion conclude(const Scorable&, std::span<const Sample> first,
                      std::span<const Sample> second) const override {
    const Parts said = read_statements(first[0]), wanted = read_statements(first[1]);
    if (!said.why.empty()) return no_conclusion(said.why);
    if (!wanted.why.empty()) return no_conclusion(wanted.why);
    if (said.texts.empty() && wanted.texts.empty())
      return no_conclusion("neither answer nor reference states anything");
    Counts counts;
    std::string why = held(said, wanted, second, counts);
    if (!why.empty()) return no_conclusion(std::move(why));
    return {{counts.f1()},
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
};

std::unique_ptr<Metric> make(Fields& fields) {
  return std::make_unique<AnswerCorrectness>(read_judge_options(fields));
}

}  // namespace

extern const MetricInfo kAnswerCorrectness;
constexpr MetricInfo kAnswerCorrectness{
    .name = "answer_correctness",
    .summary = "F1 of the statements of answer and reference (asks a judge)",
    .source = "Ragas 0.2's F1, statements held against the other text",
    .needs_references = true,
    .options = kOptions,
    .make = &make,
};

}  // namespace llmops
