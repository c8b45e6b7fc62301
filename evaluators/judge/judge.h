#pragma once
// What all judges share: they pose questions about a sample, ask them all at once, and read the
// answers.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "evaluators/asker.h"
#include "evaluators/judge/case_input.h"
#include "evaluators/judge/exhibit.h"
#include "evaluators/metric.h"

namespace llmops {

// Options that every judge reads: model, input, draws, parameters.
struct JudgeOptions {
  std::vector<ModelWish> wishes;
  CaseInput input;
  int draws = 1;      // how often each question is asked
  Object parameters;  // of the calls; temperature 0 where each is asked once, else 1
};
inline constexpr std::string_view kJudgeOptions[] = {"model", "input", "draws", "parameters"};
JudgeOptions read_judge_options(Fields& fields);

class JudgeMetric : public Metric, public AsksModels {
 public:
  // Asks for the whole batch at once. A judge that failed, or whose answer cannot be read, leaves
  // the sample unscored, with the reason.
  std::vector<Measurement> score_batch(std::span<const Scorable> batch) const final;
  Measurement score(const Case& row, const Sample& sample) const final;

  std::vector<ModelWish>& wishes() override { return options_.wishes; }
  void connect(const AskingContext& context) override { context_ = context; }
  bool stopped() const override { return context_.asker != nullptr && context_.asker->stopped(); }

  // What one sample comes to; public for juries and calibrations.
  // Appends the questions about a sample. Where it cannot be judged nothing, and the reason.
  virtual std::string pose(const Scorable& sample, std::vector<Question>& into) const = 0;
  // What was asked of one sample so far, and the answers, place by place.
  struct Told {
    std::span<const Question> questions;
    std::span<const Sample> answers;
  };
  // A second round, where the first does not tell enough.
  virtual void pose_more(const Scorable&, const Told&, std::vector<Question>&) const {}
  virtual Measurement read(const Scorable& sample, const Told& told) const = 0;

  // A label that people gave, as this judge's score; nullopt: it is none. Here: pass/fail, yes/no,
  // true/false, correct/wrong, or a number of [0, 1].
  virtual std::optional<double> read_label(const std::string& label) const;
  // The scores that labels can have, ascending: what agreement is counted over.
  virtual std::vector<double> categories() const { return {0.0, 1.0}; }

 protected:
  explicit JudgeMetric(JudgeOptions options) : options_(std::move(options)) {}

  const JudgeOptions& options() const { return options_; }
  const AskingContext& context() const { return context_; }
  std::uint64_t seed() const { return context_.seed; }
  // One question, `options().draws` times. `prompt`: name, version and parameters of the call.
  void add_question(const Scorable& sample, const std::shared_ptr<const Prompt>& prompt,
                    std::string system, std::string user, std::vector<Question>& into, int draws,
                    int first_draw = 0) const;
  // "judge:gpt-4o@openai|input:usual|draws:1".
  std::string common_signature() const;

 private:
  JudgeOptions options_;
  AskingContext context_;
};

// A prompt as a judge's calls carry it: its parameters, and a name for recordings.
std::shared_ptr<const Prompt> judge_prompt(std::string name, const JudgeOptions& options,
                                           const Object& more = {});

// A text that is a number and nothing else.
std::optional<double> number_of(const std::string& text);

// Why an answer is no verdict: the call failed, or was cut off. "" where it may be one.
std::string judge_failure(const Sample& answer);

// Name of the first 8 digits over everything fixed that a judge is told.
std::string prompt_digest(std::string_view fixed_text);

}  // namespace llmops
