// Noise sensitivity (Ragas): how often passages lead the answer astray. Statements of the answer
// and of the reference are held against each passage, those of the answer against the reference
// too. A passage is relevant where it says a statement of the reference. A statement of the answer
// is wrong where the reference does not say it.
//   noise_sensitivity            = wrong statements that a relevant passage says / statements
//   noise_sensitivity.irrelevant = wrong ones that only irrelevant passages say / statements
// Cost: the judge's calls, which `plan` counts.
#include "evaluators/judge/statements.h"
#include "evaluators/metrics/simple_metric.h"

namespace llmops {
namespace {

constexpr std::string_view kOptions[] = {"model", "input", "draws", "parameters"};

class NoiseSensitivity final : public StagedMetric {
 public:
  explicit NoiseSensitivity(JudgeOptions options)
      : StagedMetric(
            {
                .name = "noise_sensitivity",
                .definition = "ragas",
                .version = "1",
                .instructions = {kFindStatements, kJudgeSupport},
                .more = "",
                .columns = { column(ScoreKind::bounded, {},           Better::lower),
                                 {.detail = "irrelevant",
                             .headline = "irrelevant",
                             .kind = ScoreKind::bounded,
                             .range = {},
                             .better = Better::lower}},
                .questions = 3 + 2 * kUsualPassages
  },
            std::move(options)) {}

 protected:
  Opening first(const Scorable& sample) const override {
    if (sample.row->references.empty())
      return {.tasks = {}, .why = std::string(kNoReference), .known = {}};
    if (passages_for(sample).empty())
      return {.tasks = {}, .why = "the case has no passages", .known = {}};
    Result<std::string> question = question_of(sample);
    if (!question) return {.tasks = {}, .why = question.problems().front().what, .known = {}};
    Opening opening;
    opening.tasks.push_back(find_statements(*question, sample.sample->text));
    opening.tasks.push_back(find_statements(*question, sample.row->references.front()));
    return opening;
  }

  // First the answer against the reference, then for each passage the answer's
  // statements and the reference's.
  std::vector<Task> second(const Scorable& sample, std::span<const Sample> answers) const override {
    const Parts said = read_statements(answers[0]), wanted = read_statements(answers[1]);
    if (said.texts.empty() || wanted.texts.empty()) return {};
    std::vector<Task> tasks = {
        judge_statements(kJudgeSupport, said.texts, sample.row->references.front())};
    for (const std::string& passage : passages_for(sample)) {
      tasks.push_back(judge_statements(kJudgeSupport, said.texts, passage));
      tasks.push_back(judge_statements(kJudgeSupport, wanted.texts, passage));
    }
    return tasks;
  }

  Conclusion conclude(const Scorable&, std::span<const Sample> first,
                      std::span<const Sample> second) const override {
    const Parts said = read_statements(first[0]), wanted = read_statements(first[1]);
    if (!said.why.empty()) return no_conclusion(said.why);
    if (!wanted.why.empty()) return no_conclusion(wanted.why);
    if (said.texts.empty()) return no_conclusion("the answer states nothing");
    if (wanted.texts.empty()) return no_conclusion("the reference states nothing");
    const Verdicts right = read_part_verdicts(second[0], said.texts.size());
    if (!right.why.empty()) return no_conclusion(right.why);
    std::vector<bool> by_relevant(said.texts.size()), by_other(said.texts.size());
    for (std::size_t at = 1; at + 1 < second.size(); at += 2) {
      const Verdicts held = read_part_verdicts(second[at], said.texts.size());
      const Verdicts of_reference = read_part_verdicts(second[at + 1], wanted.texts.size());
      if (!held.why.empty()) return no_conclusion(held.why);
      if (!of_reference.why.empty()) return no_conclusion(of_reference.why);
      std::vector<bool>& by = of_reference.count(Verdict3::yes) > 0 ? by_relevant : by_other;
      for (std::size_t i = 0; i < by.size(); ++i)
        by[i] = by[i] || held.verdicts[i] == Verdict3::yes;
    }
    std::size_t relevant = 0, irrelevant = 0;
    for (std::size_t i = 0; i < said.texts.size(); ++i) {
      if (right.verdicts[i] == Verdict3::yes) continue;
      relevant += by_relevant[i];
      irrelevant += by_other[i] && !by_relevant[i];
    }
    const auto all = static_cast<double>(said.texts.size());
    return {
        {static_cast<double>(relevant) / all, static_cast<double>(irrelevant) / all},
        "", ""
    };
  }
};

std::unique_ptr<Metric> make(Fields& fields) {
  return std::make_unique<NoiseSensitivity>(read_judge_options(fields));
}

}  // namespace

extern const MetricInfo kNoiseSensitivity;
constexpr MetricInfo kNoiseSensitivity{
    .name = "noise_sensitivity",
    .summary = "share of what the answer states wrongly because a passage says it (asks a judge)",
    .source = "Ragas 0.2's definition",
    .needs_references = true,
    .options = kOptions,
    .make = &make,
};

}  // namespace llmops
