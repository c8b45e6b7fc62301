#include "evaluators/judge/staged.h"

#include <fmt/format.h>

#include <algorithm>

#include "evaluators/metrics/simple_metric.h"

namespace llmops {
namespace {

constexpr std::string_view kSystem =
    "You examine texts and report what you find. Think before you decide, go by the texts that "
    "you are shown and by nothing else, and reply with one JSON object and nothing around it. In "
    "every object the reason comes before the verdict.";

constexpr int kMostDraws = 100;  // of `draws`

Column draw_variance() {
  return {
      .detail = "draw_variance",
      .headline = "draw_variance",
      .kind = ScoreKind::positive,
      .range = {0, std::numeric_limits<double>::infinity()},
      .better = Better::neither
  };
}

}  // namespace

StagedMetric::StagedMetric(Facts facts, JudgeOptions options)
    : JudgeMetric(std::move(options)), facts_(std::move(facts)), columns_(facts_.columns) {
  prompt_ = judge_prompt("llmops/" + facts_.name, this->options());
  if (this->options().draws > 1) columns_.push_back(draw_variance());
}

std::string StagedMetric::signature() const {
  std::string all(kSystem);
  for (const std::string_view text : facts_.instructions) all += text;
  return fmt::format("{}{}|{}|prompt:{}{}|version:{}", facts_.name,
                     facts_.definition.empty() ? "" : "|definition:" + facts_.definition,
                     common_signature(), prompt_digest(all), facts_.more, facts_.version);
}

void StagedMetric::add(const Scorable& sample, std::vector<Task> tasks, int draw,
                       std::vector<Question>& into) const {
  for (Task& task : tasks) {
    if (task.model == 0) {
      add_question(sample, prompt_, std::string(kSystem),
                   std::string(task.instructions) + "\n\n" + task.exhibit.text(seed()), into, 1,
                   draw + kMostDraws * task.again);
      continue;
    }
    Case row = *sample.row;
    std::string text;
    for (const Member& member : task.variables) {
      text += (text.empty() ? "" : "\n\n") + to_text(member.value);
      row.variables.set(member.key, member.value);
    }
    add_question({&row, sample.sample}, prompt_, "", std::move(text), into, 1,
                 draw + kMostDraws * task.again);
    into.back().model = task.model;
  }
}

std::string StagedMetric::pose(const Scorable& sample, std::vector<Question>& into) const {
  const Opening opening = first(sample);
  if (!opening.why.empty()) return opening.why;
  if (opening.known) return "";
  for (int draw = 0; draw < options().draws; ++draw) add(sample, opening.tasks, draw, into);
  return "";
}

void StagedMetric::pose_more(const Scorable& sample, const Told& told,
                             std::vector<Question>& into) const {
  const std::span<const Sample> answers = told.answers;
  if (answers.empty()) return;  // nothing had to be asked
  const std::size_t each = answers.size() / static_cast<std::size_t>(options().draws);
  for (int draw = 0; draw < options().draws; ++draw)
    add(sample, second(sample, answers.subspan(static_cast<std::size_t>(draw) * each, each)), draw,
        into);
}

Measurement StagedMetric::read(const Scorable& sample, const Told& told) const {
  const std::span<const Sample> answers = told.answers;
  const Opening opening = first(sample);
  const std::size_t own = facts_.columns.size();
  if (opening.known) {
    Measurement measured = unscored("", columns_.size());
    measured.values.front() = opening.known;
    if (options().draws > 1) measured.values.back() = 0.0;
    return measured;
  }
  const std::size_t draws = static_cast<std::size_t>(options().draws), each = opening.tasks.size();
  std::vector<std::vector<double>> values(own);
  Measurement measured = unscored("", columns_.size());
  std::size_t at = draws * each;  // where the second round of the next draw begins
  for (std::size_t draw = 0; draw < draws; ++draw) {
    const std::span<const Sample> opened = answers.subspan(draw * each, each);
    const std::size_t more = second(sample, opened).size();
    const Conclusion found = conclude(sample, opened, answers.subspan(at, more));
    at += more;
    if (measured.why.empty()) measured.why = found.why;
    if (measured.note.empty()) measured.note = found.note;
    for (std::size_t i = 0; i < std::min(own, found.values.size()); ++i)
      if (found.values[i]) values[i].push_back(*found.values[i]);
  }
  for (std::size_t i = 0; i < own; ++i) {
    if (values[i].empty()) continue;
    const auto n = static_cast<double>(values[i].size());
    double sum = 0, squares = 0;
    for (const double value : values[i]) sum += value;
    for (const double value : values[i]) squares += (value - sum / n) * (value - sum / n);
    measured.values[i] = sum / n;
    if (i == 0 && values[i].size() > 1) measured.values.back() = squares / (n - 1) / n;
  }
  if (!values.front().empty()) {
    if (!measured.why.empty())
      measured.note =
          fmt::format("{} of {} draws: {}", draws - values.front().size(), draws, measured.why);
    measured.why.clear();
  }
  return measured;
}

std::vector<Task> StagedMetric::second(const Scorable&, std::span<const Sample>) const {
  return {};
}

std::string read_definition(Fields& fields, std::span<const std::string_view> definitions) {
  return fields.one_of("definition", definitions).value_or(std::string(definitions.front()));
}

const std::vector<std::string>& passages_for(const Scorable& sample) {
  return sample.sample->context.empty() ? sample.row->context : sample.sample->context;
}

std::string numbered(std::span<const std::string> texts) {
  std::string out;
  for (std::size_t i = 0; i < texts.size(); ++i)
    out += fmt::format("{}[{}] {}", i == 0 ? "" : "\n\n", i + 1, texts[i]);
  return out;
}

}  // namespace llmops
