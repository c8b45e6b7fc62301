#pragma once
// A judge that answers by a script, without a model.

#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "datasets/text/json.h"
#include "evaluators/asker.h"
#include "evaluators/metric.h"
#include "tests/support/metric.h"

namespace llmops::test {

class ScriptedAsker final : public Asker {
 public:
  // Gets the text of the last message and the whole question.
  using Script = std::function<Sample(const std::string& text, const Question& question)>;
  explicit ScriptedAsker(Script script) : script_(std::move(script)) {}
  std::vector<Sample> ask(std::span<const Question> questions) override {
    std::vector<Sample> answers;
    for (const Question& question : questions) {
      asked.push_back(question);
      answers.push_back(script_(plain_text(question.request->messages.back()), question));
      answers.back().number = question.request->sample;
    }
    return answers;
  }
  std::vector<Question> asked;

 private:
  Script script_;
};

inline Sample says(std::string text) {
  Sample sample;
  sample.text = std::move(text);
  return sample;
}

// The text between the fences of that name; "" where there is none.
inline std::string shown(const std::string& prompt, std::string_view name) {
  const std::string begin = " " + std::string(name) + " begins -----\n";
  const std::size_t from = prompt.find(begin);
  if (from == std::string::npos) return "";
  const std::size_t start = from + begin.size();
  return prompt.substr(start, prompt.find("\n----- ", start) - start);
}

// One token with its alternatives: {{"4", 0.7}, {"5", 0.3}}; the first is the token itself.
Value token(const std::vector<std::pair<std::string, double>>& alternatives);

inline Case a_case(std::string question, std::vector<std::string> references = {}) {
  Case row;
  row.id = "c1";
  row.variables.add("question", std::move(question));
  row.references = std::move(references);
  return row;
}

// The judge connected to the script, asked about one answer.
inline Measurement judge_one(Metric& metric, Asker& asker, const Case& row,
                             const std::string& answer, AskingContext context = {}) {
  context.asker = &asker;
  asks_models(&metric)->connect(context);
  return metric.score(row, says(answer));
}

}  // namespace llmops::test
