#include "evaluators/judge/opinions.h"

#include "evaluators/judge/statements.h"
#include "evaluators/metrics/simple_metric.h"

namespace llmops {
namespace {

constexpr std::string_view kFindOpinions =
    "List the opinions that the text itself holds: what it claims, values, recommends or implies "
    "beyond plain facts. Keep its words. Facts are none, and neither is what the text only "
    "reports that others think.\n"
    "Reply with {\"opinions\": [\"...\", ...]}; the list is empty where it holds none.";

class Opinions final : public StagedMetric {
 public:
  Opinions(std::string_view name, std::string_view instructions, JudgeOptions options)
      : StagedMetric(
            {
                .name = std::string(name),
                .definition = "deepeval",
                .version = "1",
                .instructions = {kFindOpinions, instructions  },
                .more = "",
                .columns = { column(ScoreKind::bounded,           {}, Better::lower)}
  },
            std::move(options)),
        instructions_(instructions) {}

 protected:
  Opening first(const Scorable& sample) const override {
    Task task{.instructions = kFindOpinions, .exhibit = {}};
    task.exhibit.add("text", sample.sample->text);
    Opening opening;
    opening.tasks.push_back(std::move(task));
    return opening;
  }

  std::vector<Task> second(const Scorable&, std::span<const Sample> answers) const override {
    const Parts opinions = read_statements(answers[0]);
    if (opinions.texts.empty()) return {};
    Task task{.instructions = instructions_, .exhibit = {}};
    task.exhibit.add("opinions", numbered(opinions.texts));
    return {task};
  }

  Conclusion conclude(const Scorable&, std::span<const Sample> first,
                      std::span<const Sample> second) const override {
    const Parts opinions = read_statements(first[0]);
    if (!opinions.why.empty()) return no_conclusion(opinions.why);
    if (opinions.texts.empty()) return {{0.0}, "", "the answer holds no opinion"};
    const Verdicts found = read_part_verdicts(second[0], opinions.texts.size());
    if (!found.why.empty()) return no_conclusion(found.why);
    return {{share_of_yes(found)},
            "",
            statement_note(opinions.texts, found, Verdict3::yes, "opinions")};
  }

 private:
  std::string_view instructions_;
};

}  // namespace

std::unique_ptr<Metric> make_opinion_metric(std::string_view name, std::string_view instructions,
                                            Fields& fields) {
  return std::make_unique<Opinions>(name, instructions, read_judge_options(fields));
}

}  // namespace llmops
