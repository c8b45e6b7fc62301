#include "evaluators/judge/judge.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "datasets/text/hash.h"
#include "datasets/text/json.h"
#include "datasets/text/utf8.h"
#include "evaluators/metrics/simple_metric.h"

namespace llmops {

JudgeOptions read_judge_options(Fields& fields) {
  JudgeOptions options;
  options.wishes.push_back(read_model_wish(fields));
  options.input = CaseInput::read(fields);
  options.draws = static_cast<int>(fields.integer("draws", {1, 100}).value_or(1));
  options.parameters.add("temperature", options.draws > 1 ? 1 : 0);
  if (const Value* given = fields.mapping("parameters"))
    for (const Member& member : *given->object()) {
      if (member.value.is_null())
        options.parameters.erase(member.key);
      else
        options.parameters.set(member.key, member.value);
    }
  return options;
}

std::shared_ptr<const Prompt> judge_prompt(std::string name, const JudgeOptions& options,
                                           const Object& more) {
  auto prompt = std::make_shared<Prompt>();
  prompt->name = std::move(name);
  prompt->version = "1.0.0";
  prompt->parameters = options.parameters;
  for (const Member& member : more)
    if (prompt->parameters.find(member.key) == nullptr)
      prompt->parameters.add(member.key, member.value);
  return prompt;
}

std::string judge_failure(const Sample& answer) {
  if (answer.error)
    return fmt::format("the judge failed: {}: {}", name(answer.error.kind), answer.error.message);
  if (answer.finish_reason == "length") return "the judge's answer was cut off (max_tokens)";
  return "";
}

std::string prompt_digest(std::string_view fixed_text) { return sha256(fixed_text).substr(0, 8); }

std::vector<Measurement> JudgeMetric::score_batch(std::span<const Scorable> batch) const {
  if (context_.asker == nullptr)
    return std::vector<Measurement>(
        batch.size(), unscored("no model is connected to this judge", columns().size()));
  struct Asked {
    std::string why;
    std::vector<Question> questions;
    std::vector<Sample> answers;
    Told told() const { return {questions, answers}; }
  };
  std::vector<Asked> asked(batch.size());
  const auto ask_round = [&](auto pose_one) {
    std::vector<Question> all;
    std::vector<std::size_t> ends;
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (asked[i].why.empty()) pose_one(i, all);
      ends.push_back(all.size());
    }
    if (all.empty()) return;
    std::vector<Sample> answers = context_.asker->ask(all);
    std::size_t at = 0;
    for (std::size_t i = 0; i < batch.size(); ++i)
      for (; at < ends[i]; ++at) {
        asked[i].questions.push_back(std::move(all[at]));
        asked[i].answers.push_back(std::move(answers[at]));
      }
  };
  ask_round([&](std::size_t i, std::vector<Question>& all) { asked[i].why = pose(batch[i], all); });
  ask_round([&](std::size_t i, std::vector<Question>& all) {
    pose_more(batch[i], asked[i].told(), all);
  });
  std::vector<Measurement> measured;
  measured.reserve(batch.size());
  for (std::size_t i = 0; i < batch.size(); ++i)
    measured.push_back(asked[i].why.empty() ? read(batch[i], asked[i].told())
                                            : unscored(asked[i].why, columns().size()));
  return measured;
}

std::optional<double> number_of(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value))
    return std::nullopt;
  return value;
}

std::optional<double> JudgeMetric::read_label(const std::string& label) const {
  std::string word = label;
  for (char& c : word)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  for (const std::string_view yes : {"pass", "yes", "true", "correct", "good"})
    if (word == yes) return 1.0;
  for (const std::string_view no : {"fail", "no", "false", "wrong", "incorrect", "bad"})
    if (word == no) return 0.0;
  const std::optional<double> value = number_of(word);
  return value && *value >= 0 && *value <= 1 ? value : std::nullopt;
}

Measurement JudgeMetric::score(const Case& row, const Sample& sample) const {
  const Scorable one[] = {
      {&row, &sample}
  };
  return std::move(score_batch(one)[0]);
}

void JudgeMetric::add_question(const Scorable& sample, const std::shared_ptr<const Prompt>& prompt,
                               std::string system, std::string user, std::vector<Question>& into,
                               int draws, int first_draw) const {
  // The request's own copy: a call that is dropped may hold it longer than the sample lives.
  const auto row = std::make_shared<const Case>(*sample.row);
  std::vector<Message> messages;
  const auto add = [&](const char* role, std::string text) {
    messages.push_back({.role = role,
                        .parts = {{.type = "text", .content = std::move(text), .extra = {}}},
                        .extra = {}});
  };
  if (!system.empty()) add("system", std::move(system));
  add("user", repair_utf8(user));
  for (int draw = first_draw; draw < first_draw + draws; ++draw) {
    auto request = std::make_shared<Request>();
    request->row = row;
    request->sample = context_.first_draw + draw;
    request->messages = messages;
    request->prompt = prompt;
    into.push_back({0, std::move(request)});
  }
}

std::string JudgeMetric::common_signature() const {
  std::string text = "judge:";
  for (std::size_t i = 0; i < options_.wishes.size(); ++i)
    text += (i > 0 ? "+" : "") + model_label(options_.wishes[i]);
  return text + fmt::format("|input:{}|draws:{}|parameters:{}", options_.input.signature(),
                            options_.draws, prompt_digest(dump_json(Value(options_.parameters))));
}

}  // namespace llmops
