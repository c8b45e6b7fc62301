#pragma once
#include "evaluators/judge/judge.h"
#include "evaluators/judge/own_prompt.h"
#include "evaluators/judge/rubric_text.h"

namespace llmops {

// A judge that wants steps written once, to be the same in every run (G-Eval's chain of thought).
class WantsSteps {
 public:
  virtual ~WantsSteps() = default;
  // What the steps belong to: criteria and scale, hashed; "" where none are wanted.
  virtual std::string steps_key() const = 0;
  virtual std::string criteria() const = 0;
  // The question that makes a model write them, and its answer read: empty where it is no list.
  virtual Question ask_for_steps() const = 0;
  static std::vector<std::string> read_steps(const Sample& answer);
  virtual void pin(std::vector<std::string> steps) = 0;
};

// Where a grade comes from. `automatic`: log-probabilities where the endpoint gives them, else the
// mean of the draws.
enum class GradeFrom { automatic, logprobs, draws };

// Whether the judge sees the references: always, never, or in the cases that have some.
enum class ShowReference { no, yes, where_given };

struct RubricOptions {
  GradeFrom from = GradeFrom::automatic;
  ShowReference reference = ShowReference::no;
  bool context = false;
  bool mt_bench = false;     // asks and reads as MT-bench's single answers: an explanation, [[7]]
  std::string conversation;  // column of the earlier turns
  OwnPrompt own = {};
};

// Grades the answer on a scale (G-Eval, Liu et al. 2023). Value: (grade - low)/(high - low).
class Rubric : public JudgeMetric, public WantsSteps {
 public:
  Rubric(std::string kind, JudgeOptions options, RubricText text, RubricOptions rubric);
  const std::vector<Column>& columns() const override { return columns_; }
  std::string signature() const override;
  std::string pose(const Scorable& sample, std::vector<Question>& into) const override;
  void pose_more(const Scorable& sample, const Told& told,
                 std::vector<Question>& into) const override;
  Measurement read(const Scorable& sample, const Told& told) const override;
  // Labels are grades of the scale.
  std::optional<double> read_label(const std::string& label) const override;
  std::vector<double> categories() const override;
  double questions_per_sample() const override { return options().draws; }
  double questions_once() const override { return steps_key().empty() ? 0 : 1; }

  std::string steps_key() const override;
  std::string criteria() const override { return text_.criteria; }
  Question ask_for_steps() const override;
  void pin(std::vector<std::string> steps) override;

 private:
  std::string instructions() const;
  std::string_view reply() const;

  std::string kind_;
  RubricText text_;
  RubricOptions rubric_;
  std::shared_ptr<const Prompt> first_, further_;
  std::vector<Column> columns_;
};

}  // namespace llmops
