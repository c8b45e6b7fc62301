// Classification: whether a sample's label is right; over the set accuracy, macro and weighted F1
// and Matthews' correlation, from the summed confusion matrix.
// Cost: O(n) for each label.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "evaluators/metrics/simple_metric.h"
#include "evaluators/metrics/text/lowercase.h"
#include "evaluators/metrics/text/patterns.h"
#include "evaluators/metrics/text/words.h"

namespace llmops {
namespace {

constexpr std::string_view kOptions[] = {"labels", "extract", "ignore_case"};

// Sums of a confusion matrix with one more column, for outputs that name no label or several.
struct Totals {
  explicit Totals(std::span<const double> matrix, std::size_t labels)
      : wanted(labels, 0.0), given(labels + 1, 0.0), right(labels, 0.0) {
    for (std::size_t w = 0; w < labels; ++w) {
      for (std::size_t g = 0; g <= labels; ++g) {
        const double count = matrix[w * (labels + 1) + g];
        wanted[w] += count;
        given[g] += count;
        all += count;
        if (w == g) right[w] = count;
      }
    }
  }
  double correct() const {
    double sum = 0;
    for (const double each : right) sum += each;
    return sum;
  }
  std::vector<double> wanted, given, right;
  double all = 0;
};

// F1 of one label; 0 where it was neither hit.
double f1(const Totals& totals, std::size_t label) {
  const double both = totals.wanted[label] + totals.given[label];
  return both > 0 ? 2 * totals.right[label] / both : 0.0;
}

// Gorodkin 2004; nothing where one side has a single label only.
std::optional<double> matthews(const Totals& totals) {
  double cross = 0, wanted = 0, given = 0;
  for (std::size_t k = 0; k < totals.given.size(); ++k) {
    const double w = k < totals.wanted.size() ? totals.wanted[k] : 0.0;
    cross += w * totals.given[k];
    wanted += w * w;
    given += totals.given[k] * totals.given[k];
  }
  const double square = totals.all * totals.all;
  const double below = std::sqrt(square - wanted) * std::sqrt(square - given);
  if (below <= 0) return std::nullopt;
  return (totals.correct() * totals.all - cross) / below;
}

class Classification final : public Metric {
 public:
  Classification(std::vector<std::string> labels, Pattern extract, bool ignore_case)
      : labels_(std::move(labels)), extract_(std::move(extract)), ignore_case_(ignore_case) {
    for (const std::string& label : labels_) normal_.push_back(normal(label));
  }

  const std::vector<Column>& columns() const override {
    static const std::vector<Column> kColumns = [] {
      std::vector<Column> made = {column(ScoreKind::binary)};
      for (const char* name : {"macro_f1", "weighted_f1", "mcc"}) {
        Column each = column(ScoreKind::bounded);
        each.detail = name;
        each.headline.reset();
        made.push_back(each);
      }
      made.back().range = {-1.0, 1.0};
      return made;
    }();
    return kColumns;
  }

  std::string signature() const override {
    std::string labels;
    for (const std::string& label : labels_) labels += (labels.empty() ? "" : "+") + label;
    return fmt::format("classification|labels:{}|extract:{}|case:{}|version:1", labels,
                       extract_ == nullptr ? "auto" : "pattern", ignore_case_ ? "lc" : "mixed");
  }

  // Rows have the first number only; the others are figures of the set.
  Measurement score(const Case& row, const Sample& sample) const override {
    if (row.references.empty()) return unscored(std::string(kNoReference), 4);
    const auto wanted = label_of(row.references.front());
    if (!wanted)
      return unscored(fmt::format("the reference is no label: {}", row.references.front()), 4);
    std::optional<std::string> answer = sample.text;
    if (extract_ != nullptr) answer = last_match(*extract_, sample.text);
    const auto given = answer ? label_in(*answer) : std::nullopt;
    Measurement result;
    result.values = {given == wanted ? 1.0 : 0.0, std::nullopt, std::nullopt, std::nullopt};
    result.counts.assign(labels_.size() * (labels_.size() + 1), 0.0);
    result.counts[*wanted * (labels_.size() + 1) + given.value_or(labels_.size())] = 1.0;
    result.note = given ? fmt::format("found {}, wanted {}", labels_[*given], labels_[*wanted])
                        : fmt::format("no one label is found, wanted {}", labels_[*wanted]);
    if (given) result.answer = labels_[*given];
    return result;
  }

  std::vector<std::optional<double>> corpus(std::span<const double> counts) const override {
    const std::size_t labels = labels_.size();
    if (counts.size() != labels * (labels + 1)) return std::vector<std::optional<double>>(4);
    const Totals totals(counts, labels);
    if (totals.all <= 0) return std::vector<std::optional<double>>(4);
    double macro = 0, weighted = 0;
    std::size_t present = 0;
    for (std::size_t k = 0; k < labels; ++k) {
      if (totals.wanted[k] + totals.given[k] == 0) continue;
      ++present;
      macro += f1(totals, k);
      weighted += f1(totals, k) * totals.wanted[k];
    }
    return {totals.correct() / totals.all, macro / static_cast<double>(present),
            weighted / totals.all, matthews(totals)};
  }

 private:
  // Lower case; marks around the text are cut off.
  std::string normal(std::string_view text) const {
    constexpr std::string_view kMarks = ".,:;!?\"'`*()[]{}";
    text = strip(text);
    while (!text.empty() && kMarks.find(text.front()) != std::string_view::npos)
      text.remove_prefix(1);
    while (!text.empty() && kMarks.find(text.back()) != std::string_view::npos)
      text.remove_suffix(1);
    return ignore_case_ ? lowercase(strip(text)) : std::string(strip(text));
  }
  std::optional<std::size_t> label_of(std::string_view text) const {
    const auto found = std::ranges::find(normal_, normal(text));
    if (found == normal_.end()) return std::nullopt;
    return static_cast<std::size_t>(found - normal_.begin());
  }
  // The label that the text is, else the only one that stands in it as a word; a label inside a
  // longer one that is there
  // ("spam" in "not spam") does not count.
  std::optional<std::size_t> label_in(const std::string& text) const {
    if (const auto whole = label_of(text)) return whole;
    std::string rest = ignore_case_ ? lowercase(text) : text;
    std::vector<std::size_t> longest(normal_.size());
    for (std::size_t k = 0; k < longest.size(); ++k) longest[k] = k;
    std::ranges::stable_sort(longest, [&](std::size_t a, std::size_t b) {
      return normal_[a].size() > normal_[b].size();
    });
    std::optional<std::size_t> only;
    for (const std::size_t k : longest) {
      if (!take_words(rest, normal_[k])) continue;
      if (only) return std::nullopt;
      only = k;
    }
    return only;
  }
  static bool take_words(std::string& text, const std::string& words) {
    const auto letter = [](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) != 0 || (c & 0x80) != 0 || c == '_';
    };
    bool found = false;
    for (std::size_t at = text.find(words); at != std::string::npos;
         at = text.find(words, at + 1)) {
      const std::size_t end = at + words.size();
      if ((at > 0 && letter(text[at - 1])) || (end < text.size() && letter(text[end]))) continue;
      text.replace(at, words.size(), std::string(words.size(), ' '));
      found = true;
    }
    return found;
  }

  std::vector<std::string> labels_, normal_;
  Pattern extract_;
  bool ignore_case_;
};

std::unique_ptr<Metric> make(Fields& fields) {
  std::vector<std::string> labels = fields.texts("labels");
  Pattern extract = read_pattern(fields, "extract");
  const bool ignore_case = fields.boolean("ignore_case").value_or(true);
  if (!fields.has("labels")) fields.missing("labels", "the list of all labels");
  if (fields.has("labels") && labels.size() < 2)
    fields.error(fields.mark("labels"), "`labels` needs two labels at least");
  if (labels.size() > 1000)
    fields.error(fields.mark("labels"), "`labels` has more than 1,000 labels");
  for (const std::string& label : labels)
    if (strip(label).empty()) fields.error(fields.mark("labels"), "`labels` has an empty label");
  if (labels.size() < 2 || labels.size() > 1000 || (fields.has("extract") && extract == nullptr))
    return nullptr;
  return std::make_unique<Classification>(std::move(labels), std::move(extract), ignore_case);
}

}  // namespace

extern const MetricInfo kClassification;
constexpr MetricInfo kClassification{
    .name = "classification",
    .summary = "the right label; accuracy, F1 and correlation over the set",
    .source = "definition; Gorodkin 2004 for the correlation",
    .needs_references = true,
    .options = kOptions,
    .make = &make,
};

}  // namespace llmops
