#include "evaluators/judge/rubric_text.h"

#include <fmt/format.h>

#include <charconv>

#include "evaluators/metrics/text/option_file.h"

namespace llmops {
namespace {

void read_scale(Fields& fields, RubricText& rubric) {
  const Value* scale = fields.list("scale");
  if (scale == nullptr) return;
  const List& ends = *scale->list();
  if (ends.size() != 2 || !ends[0].is_integer() || !ends[1].is_integer() ||
      *ends[0].integer() >= *ends[1].integer() || *ends[0].integer() < 0 ||
      *ends[1].integer() > 100) {
    fields.error(fields.mark("scale"), fmt::format("`scale` is {}", to_text(*scale)),
                 "expected two whole numbers from 0 to 100, the lower first, such as [1, 5]");
    return;
  }
  rubric.low = static_cast<int>(*ends[0].integer());
  rubric.high = static_cast<int>(*ends[1].integer());
}

void read_levels(Fields& fields, RubricText& rubric) {
  const Value* levels = fields.mapping("levels");
  if (levels == nullptr) return;
  for (const Member& level : *levels->object()) {
    int grade = 0;
    const char* end = level.key.data() + level.key.size();
    const auto read = std::from_chars(level.key.data(), end, grade);
    if (read.ec != std::errc{} || read.ptr != end || grade < rubric.low || grade > rubric.high) {
      fields.error(
          level.key_mark, fmt::format("a level `{}`", level.key),
          fmt::format("expected a whole number of the scale, {} to {}", rubric.low, rubric.high));
      continue;
    }
    rubric.levels[grade] = to_text(level.value);
  }
}

void read_steps(Fields& fields, RubricText& rubric, bool only_criteria) {
  rubric.wants_steps = only_criteria;
  const Value* steps = fields.value("steps");
  if (steps == nullptr) return;
  rubric.wants_steps = false;
  if (steps->is_list()) {
    rubric.steps = fields.texts("steps");
  } else if (const std::string* word = steps->string(); word != nullptr && *word == "auto") {
    rubric.wants_steps = true;
  } else if (word == nullptr || *word != "none") {
    fields.error(fields.mark("steps"), fmt::format("`steps` is {}", to_text(*steps)),
                 "expected a list of sentences, `auto` or `none`");
  }
}

void read_keys(Fields& fields, RubricText& rubric) {
  if (const auto criteria = fields.text("criteria")) rubric.criteria = *criteria;
  read_scale(fields, rubric);
  read_levels(fields, rubric);
}

}  // namespace

namespace {

RubricText read_over(Fields& fields, RubricText rubric) {
  const bool preset = !rubric.criteria.empty();
  const std::optional<std::string> file = fields.text("rubric");
  bool whole = false;  // the file says it all
  if (file && (file->ends_with(".yaml") || file->ends_with(".yml"))) {
    if (const auto value = read_option_value(fields, "rubric")) {
      const Source source(*file, "");
      Fields keys(*value, source, fields.problems(), "the rubric");
      read_keys(keys, rubric);
      read_steps(keys, rubric, false);
      keys.finish();
      whole = !rubric.levels.empty() || !rubric.steps.empty();
      for (int grade = rubric.low; grade <= rubric.high && !rubric.levels.empty(); ++grade)
        if (!rubric.levels.contains(grade) && rubric.high - rubric.low < 10)
          keys.error(value->mark(), fmt::format("the rubric says nothing of grade {}", grade),
                     "expected a sentence for each grade of the scale");
    }
  } else if (file) {
    rubric.criteria = read_option_text(fields, "rubric").value_or("");
    whole = true;
  }
  read_keys(fields, rubric);
  read_steps(fields, rubric, !preset && !whole && rubric.levels.empty());
  if (rubric.criteria.empty() && rubric.levels.empty() && !file)
    fields.missing("criteria", "say in a sentence what is graded, or name a `rubric:` file");
  return rubric;
}

}  // namespace

RubricText read_rubric(Fields& fields) { return read_over(fields, {}); }

RubricText read_rubric(Fields& fields, std::string criteria, int low, int high) {
  return read_over(fields, {.criteria = std::move(criteria), .low = low, .high = high});
}

std::string rubric_instructions(const RubricText& rubric) {
  std::string text;
  if (!rubric.criteria.empty()) text += "What is graded:\n" + rubric.criteria + "\n\n";
  if (!rubric.steps.empty()) {
    text += "Go through these steps:\n";
    for (std::size_t i = 0; i < rubric.steps.size(); ++i)
      text += fmt::format("{}. {}\n", i + 1, rubric.steps[i]);
    text += "\n";
  }
  text += fmt::format("The grade is a whole number from {} (worst) to {} (best).\n", rubric.low,
                      rubric.high);
  for (const auto& [grade, sentence] : rubric.levels)
    text += fmt::format("{}: {}\n", grade, sentence);
  return text;
}

}  // namespace llmops
