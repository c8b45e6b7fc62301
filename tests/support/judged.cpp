#include "tests/support/judged.h"

#include <fmt/format.h>

#include <algorithm>

#include "datasets/text/json.h"

namespace llmops::test {

std::vector<Sample> ScriptedJudge::ask(std::span<const Question> questions) {
  ++rounds;
  std::vector<Sample> samples;
  for (const Question& question : questions) {
    const std::size_t place = std::min(asked.size(), answers_.size() - 1);
    asked.push_back(plain_text(question.request->messages.back()));
    numbers.push_back(question.request->sample);
    Sample& sample = samples.emplace_back();
    sample.text = answers_[place];
    sample.finish_reason = "stop";
    if (sample.text == "!") sample.error = {ErrorClass::server_error, "no"};
    if (sample.text.ends_with("…")) sample.finish_reason = "length";
  }
  return samples;
}

Measurement judged(Metric& metric, ScriptedJudge& judge, const Case& row, const Sample& sample) {
  AskingContext context;
  context.asker = &judge;
  dynamic_cast<AsksModels&>(metric).connect(context);
  return metric.score(row, sample);
}

Asked asked(const std::string& answer, const std::vector<std::string>& passages,
            const std::string& reference) {
  Asked made;
  made.row.id = "a";
  made.row.variables.add("question", "Where is the tower?");
  made.row.context = passages;
  if (!reference.empty()) made.row.references = {reference};
  made.sample.text = answer;
  return made;
}

std::string statements(const std::vector<std::string>& texts) {
  Object out;
  out.add("statements", List(texts.begin(), texts.end()));
  return dump_json(Value(std::move(out)));
}

std::string verdicts(const std::string& letters) {
  std::string out;
  for (std::size_t i = 0; i < letters.size(); ++i)
    out += fmt::format(R"({}{{"number": {}, "reason": "r", "verdict": "{}"}})", i == 0 ? "" : ", ",
                       i + 1,
                       letters[i] == 'y'   ? "yes"
                       : letters[i] == 'n' ? "no"
                                           : "idk");
  return "{\"verdicts\": [" + out + "]}";
}

}  // namespace llmops::test
