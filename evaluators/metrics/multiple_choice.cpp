// Multiple choice: the letter that the output names is the right one.
#include <fmt/format.h>
#include <re2/re2.h>

#include <charconv>

#include "evaluators/metrics/simple_metric.h"
#include "evaluators/metrics/text/choice.h"
#include "evaluators/metrics/text/patterns.h"

namespace llmops {
namespace {

constexpr std::string_view kOptions[] = {"choices", "choices_field", "extract", "reference_base"};
constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

struct Options {
  std::size_t choices = 5;
  std::string field;  // the case's column with the texts of the choices
  Pattern extract;
  std::optional<std::int64_t> base;  // references are numbers that count from here
};

std::vector<std::string> texts_of(const Options& options, const Case& row) {
  std::vector<std::string> texts;
  const Value* found = options.field.empty() ? nullptr : row.variables.find(options.field);
  if (found != nullptr && found->list() != nullptr)
    for (const Value& each : *found->list()) texts.push_back(to_text(each));
  return texts;
}

std::optional<char> wanted_letter(const std::string& reference, const Options& options,
                                  std::string_view letters, const std::vector<std::string>& texts) {
  if (!options.base) return chosen_letter(reference, letters, texts);
  std::int64_t number = 0;
  const auto* end = reference.data() + reference.size();
  const auto result = std::from_chars(reference.data(), end, number);
  if (result.ec != std::errc{} || result.ptr != end) return std::nullopt;
  number -= *options.base;
  return number < 0 || number >= static_cast<std::int64_t>(letters.size())
             ? std::nullopt
             : std::optional(letters[static_cast<std::size_t>(number)]);
}

Measurement measure(const Options& options, const Case& row, const Sample& sample) {
  if (row.references.empty()) return unscored(std::string(kNoReference));
  const std::vector<std::string> texts = texts_of(options, row);
  const std::string_view letters = kAlphabet.substr(
      0, texts.empty() ? options.choices : std::min<std::size_t>(texts.size(), 26));
  std::string wanted;
  for (const std::string& reference : row.references)
    if (const auto letter = wanted_letter(reference, options, letters, texts)) wanted += *letter;
  if (wanted.empty()) return unscored("the reference names no choice");
  std::optional<std::string> answer = sample.text;
  if (options.extract != nullptr) answer = last_match(*options.extract, sample.text);
  const auto chosen = answer ? chosen_letter(*answer, letters, texts) : std::nullopt;
  if (!chosen) return scored(0.0, "no choice is found in the output");
  return with_answer(scored(wanted.find(*chosen) != std::string::npos ? 1.0 : 0.0,
                            fmt::format("found {}, wanted {}", *chosen, wanted)),
                     std::string(1, *chosen));
}

std::unique_ptr<Metric> make(Fields& fields) {
  Options options;
  options.choices = static_cast<std::size_t>(fields.integer("choices", {2, 26}).value_or(5));
  options.field = fields.text("choices_field").value_or("");
  options.extract = read_pattern(fields, "extract");
  options.base = fields.integer("reference_base", {0, 1});
  if (fields.has("extract") && options.extract == nullptr) return nullptr;
  return std::make_unique<SimpleMetric>(
      column(ScoreKind::binary),
      fmt::format("multiple_choice|choices:{}|extract:{}|base:{}|version:1",
                  options.field.empty() ? std::to_string(options.choices) : options.field,
                  options.extract == nullptr ? "auto" : options.extract->pattern(),
                  options.base ? std::to_string(*options.base) : "letter"),
      [options](const Case& row, const Sample& sample) { return measure(options, row, sample); });
}

}  // namespace

extern const MetricInfo kMultipleChoice;
constexpr MetricInfo kMultipleChoice{
    .name = "multiple_choice",
    .summary = "the output names the right choice",
    .source = "definition",
    .needs_references = true,
    .options = kOptions,
    .make = &make,
};

}  // namespace llmops
