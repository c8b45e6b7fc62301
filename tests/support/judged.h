#pragma once
// Metrics that ask a judge, with a judge whose answers a test writes.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "evaluators/asker.h"
#include "evaluators/metric.h"

namespace llmops::test {

// A judge that gives these answers, in the order of the questions (the last one
// again and again); an answer "!" is a failed call, one that ends in "…" was
// cut off.
class ScriptedJudge final : public Asker {
 public:
  explicit ScriptedJudge(std::vector<std::string> answers) : answers_(std::move(answers)) {}
  std::vector<Sample> ask(std::span<const Question> questions) override;

  std::vector<std::string> asked;  // the user's message of each question
  std::vector<int> numbers;        // and its number
  int rounds = 0;

 private:
  std::vector<std::string> answers_;
};

// The metric's word on one sample, with this judge.
Measurement judged(Metric& metric, ScriptedJudge& judge, const Case& row, const Sample& sample);

// A case with a question, passages and a reference ("" for none), and an answer
// to it.
struct Asked {
  Case row;
  Sample sample;
};
Asked asked(const std::string& answer, const std::vector<std::string>& passages = {},
            const std::string& reference = "");

// {"statements": [...]}
std::string statements(const std::vector<std::string>& texts);
// {"verdicts": [...]}: a letter for each, y, n or i.
std::string verdicts(const std::string& letters);

}  // namespace llmops::test
