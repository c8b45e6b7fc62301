// Multiple choice: the letter that the output names is the right one.
// Cost: O(n) for each choice.
#include <fmt/format.h>
#include <re2/re2.h>

#include <charconv>

#include "evaluators/metrics/simple_metric.h"
#include "evaluators/metrics/text/choice.h"
#include "evaluators/metrics/text/choice_likelihood.h"
#include "evaluators/metrics/text/patterns.h"

namespace llmops {
namespace {

constexpr std::string_view kOptions[] = {"choices",        "choices_field", "extract",
                                         "reference_base", "form",          "likelihoods_field"};
constexpr std::string_view kForms[] = {"text", "likelihoods", "letters"};
constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

struct Options {
  std::size_t choices = 5;
  std::string field;  // the case's column with the texts of the choices
  Pattern extract;
  std::optional<std::int64_t> base;  // references are numbers that count from here
  std::string form;                  // what tells the model's choice
  std::string likelihoods_field;     // the case's column with them; else the output is their list

  std::string_view letters(const std::vector<std::string>& texts) const {
    return kAlphabet.substr(0, texts.empty() ? choices : std::min<std::size_t>(texts.size(), 26));
  }
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

// Letters of the references; empty where none names a choice.
std::string wanted_letters(const Options& options, const Case& row,
                           const std::vector<std::string>& texts) {
  std::string wanted;
  for (const std::string& reference : row.references)
    if (const auto letter = wanted_letter(reference, options, options.letters(texts), texts))
      wanted += *letter;
  return wanted;
}

Measurement measure(const Options& options, const Case& row, const Sample& sample) {
  if (row.references.empty()) return unscored(std::string(kNoReference));
  const std::vector<std::string> texts = texts_of(options, row);
  const std::string wanted = wanted_letters(options, row, texts);
  if (wanted.empty()) return unscored("the reference names no choice");
  std::optional<std::string> answer = sample.text;
  if (options.extract != nullptr) answer = last_match(*options.extract, sample.text);
  const auto chosen = answer ? chosen_letter(*answer, options.letters(texts), texts) : std::nullopt;
  if (!chosen) return scored(0.0, "no choice is found in the output");
  return with_answer(scored(wanted.find(*chosen) != std::string::npos ? 1.0 : 0.0,
                            fmt::format("found {}, wanted {}", *chosen, wanted)),
                     std::string(1, *chosen));
}

// The forms over log-likelihoods: three figures.
class Likelihoods final : public Metric {
 public:
  explicit Likelihoods(Options options) : options_(std::move(options)) {
    columns_ = {column(ScoreKind::binary)};
    if (!normalized()) return;
    for (const char* name : {"acc_norm", "acc_bytes"}) {
      Column each = column(ScoreKind::binary);
      each.detail = name;
      each.headline = name;
      columns_.push_back(std::move(each));
    }
  }
  const std::vector<Column>& columns() const override { return columns_; }
  std::string signature() const override {
    return fmt::format("multiple_choice|form:{}|choices:{}|likelihoods:{}|base:{}|version:1",
                       options_.form, options_.field.empty() ? "letters" : options_.field,
                       options_.likelihoods_field.empty() ? "output" : options_.likelihoods_field,
                       options_.base ? std::to_string(*options_.base) : "letter");
  }
  Measurement score(const Case& row, const Sample& sample) const override {
    const auto fail = [&](std::string why) { return unscored(std::move(why), columns_.size()); };
    if (row.references.empty()) return fail(std::string(kNoReference));
    const std::vector<std::string> texts = texts_of(options_, row);
    const std::string_view letters = options_.letters(texts);
    const std::string wanted = wanted_letters(options_, row, texts);
    if (wanted.empty()) return fail("the reference names no choice");
    std::string why;
    const auto logs = likelihoods(row, sample, letters, why);
    if (!logs) return fail(std::move(why));
    if (!texts.empty() && logs->size() != texts.size())
      return fail(fmt::format("{} log-likelihoods for {} choices", logs->size(), texts.size()));
    if (logs->size() > letters.size())
      return fail(fmt::format("{} log-likelihoods for {} letters", logs->size(), letters.size()));
    const LikeliestChoices found =
        likeliest_choices(*logs, normalized() ? texts : std::vector<std::string>());
    const auto right = [&](std::optional<std::size_t> place) -> std::optional<double> {
      if (!place) return std::nullopt;
      return wanted.find(letters[*place]) != std::string::npos ? 1.0 : 0.0;
    };
    Measurement result = scored(*right(found.by_sum),
                                fmt::format("found {}, wanted {}", letters[found.by_sum], wanted));
    if (!normalized()) return result;
    result.values.push_back(right(found.by_characters));
    result.values.push_back(right(found.by_bytes));
    return result;
  }

 private:
  // Letters are all of one length; texts are there to be measured.
  bool normalized() const { return options_.form == "likelihoods" && !options_.field.empty(); }
  std::optional<std::vector<double>> likelihoods(const Case& row, const Sample& sample,
                                                 std::string_view letters, std::string& why) const {
    if (options_.form == "letters") {
      why = "the sample has no log-probabilities of two letters (top_logprobs)";
      return letter_likelihoods(sample.logprobs, letters);
    }
    const Value* value = options_.likelihoods_field.empty()
                             ? nullptr
                             : find_path(row.variables, options_.likelihoods_field);
    why = options_.likelihoods_field.empty()
              ? "the output is no list of log-likelihoods"
              : fmt::format("`{}` is no list of log-likelihoods", options_.likelihoods_field);
    if (options_.likelihoods_field.empty()) return read_likelihoods(Value(sample.text));
    return value == nullptr ? std::nullopt : read_likelihoods(*value);
  }
  Options options_;
  std::vector<Column> columns_;
};

std::unique_ptr<Metric> make(Fields& fields) {
  Options options;
  options.choices = static_cast<std::size_t>(fields.integer("choices", {2, 26}).value_or(5));
  options.field = fields.text("choices_field").value_or("");
  options.extract = read_pattern(fields, "extract");
  options.base = fields.integer("reference_base", {0, 1});
  if (fields.has("extract") && options.extract == nullptr) return nullptr;
  options.form = fields.one_of("form", kForms).value_or("text");
  options.likelihoods_field = fields.text("likelihoods_field").value_or("");
  if (options.form != "text") return std::make_unique<Likelihoods>(std::move(options));
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
