#pragma once
// Metrics that take a sample apart with one round of questions and judge the
// parts with a second: statements of an answer, then a verdict on each.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "evaluators/judge/exhibit.h"
#include "evaluators/judge/judge.h"

namespace llmops {

// One question: what to do, and the texts to do it on.
struct Task {
  std::string_view instructions;  // fixed
  Exhibit exhibit;
  int again = 0;  // which time the same task is posed in one draw: each is another call
  // A model beside the judge (its place among the wishes), which is no chat model: it is handed
  // these variables, for the template of an `http` model, and as text the exhibit's alone.
  std::size_t model = 0;
  Object variables = {};
};

// What one draw came to: a number for each column of the metric, or why there
// is none.
struct Conclusion {
  std::vector<std::optional<double>> values;
  std::string why;
  std::string note;
};

class StagedMetric : public JudgeMetric {
 public:
  struct Facts {
    std::string name;        // "faithfulness"
    std::string definition;  // "llmops" | "ragas" | "deepeval"; empty: there is one only
    std::string version;     // of our definition: "1"
    // Everything fixed that the judge is told: pinned in the signature.
    std::vector<std::string_view> instructions;
    std::string more;             // further parts of the signature: "|questions:3"
    std::vector<Column> columns;  // without `draw_variance`
    double questions = 2;         // a draw asks about so many, for plans
  };

  const std::vector<Column>& columns() const final { return columns_; }
  std::string signature() const override;
  double questions_per_sample() const override { return facts_.questions * options().draws; }
  std::string pose(const Scorable& sample, std::vector<Question>& into) const final;
  void pose_more(const Scorable& sample, const Told& told, std::vector<Question>& into) const final;
  // Mean over the draws that came to a number; with several draws also the
  // variance of that mean.
  Measurement read(const Scorable& sample, const Told& told) const final;

 protected:
  StagedMetric(Facts facts, JudgeOptions options);

  // What a case asks; the problem where its template cannot be filled in.
  Result<std::string> question_of(const Scorable& sample) const {
    return options().input.of(*sample.row);
  }

  // The first round of one draw: as many tasks in every draw. A reason where
  // the sample cannot be judged at all, or a number where nothing has to be
  // asked.
  struct Opening {
    std::vector<Task> tasks;
    std::string why;
    std::optional<double> known;  // the score without a question: of the first column
  };
  virtual Opening first(const Scorable& sample) const = 0;
  // The second round of one draw, from the answers to its first; none where the
  // first says all (or cannot be read: `conclude` then says why).
  virtual std::vector<Task> second(const Scorable& sample, std::span<const Sample> answers) const;
  virtual Conclusion conclude(const Scorable& sample, std::span<const Sample> first,
                              std::span<const Sample> second) const = 0;

 private:
  void add(const Scorable& sample, std::vector<Task> tasks, int draw,
           std::vector<Question>& into) const;

  Facts facts_;
  std::vector<Column> columns_;
  std::shared_ptr<const Prompt> prompt_;
};

// `definition`: one of these, the first one by default. As a name:
// `faithfulness@ragas`.
std::string read_definition(Fields& fields, std::span<const std::string_view> definitions);

// The passages that an answer rests on: what the application says it used, else
// the case's.
const std::vector<std::string>& passages_for(const Scorable& sample);

// "[1] first\n\n[2] second"
std::string numbered(std::span<const std::string> texts);

// Passages of a case where plans need a number and no case has been seen.
inline constexpr double kUsualPassages = 5;

inline Conclusion no_conclusion(std::string why) { return {{}, std::move(why), ""}; }

}  // namespace llmops
