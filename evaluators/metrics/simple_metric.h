#pragma once
// What the metrics with one number a sample share.

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "evaluators/metric.h"
#include "evaluators/metrics/text/reference_count.h"

namespace llmops {

inline Measurement scored(double value, std::string note = "") {
  return {.values = {value}, .why = "", .counts = {}, .note = std::move(note)};
}

inline Measurement unscored(std::string why, std::size_t columns = 1) {
  return {.values = std::vector<std::optional<double>>(columns),
          .why = std::move(why),
          .counts = {},
          .note = ""};
}

// The same with what a vote over a case's samples counts.
inline Measurement with_answer(Measurement measured, std::string answer) {
  measured.answer = std::move(answer);
  return measured;
}

inline constexpr std::string_view kNoReference = "the case has no reference";

// The highest of a function's values over the references; unscored where the case has none.
template <typename Function>
Measurement best_reference(const Case& row, Function function) {
  if (row.references.empty()) return unscored(std::string(kNoReference));
  std::optional<double> best;
  for (const std::string& reference : row.references) {
    const double value = function(reference);
    if (!best || value > *best) best = value;
  }
  return scored(*best);
}

// A metric that is one function of a case and a sample.
class SimpleMetric final : public Metric {
 public:
  using Function = std::function<Measurement(const Case&, const Sample&)>;
  SimpleMetric(Column column, std::string signature, Function function)
      : columns_{std::move(column)},
        signature_(std::move(signature)),
        function_(std::move(function)) {}
  const std::vector<Column>& columns() const override { return columns_; }
  std::string signature() const override { return signature_; }
  Measurement score(const Case& row, const Sample& sample) const override {
    return function_(row, sample);
  }

 private:
  std::vector<Column> columns_;
  std::string signature_;
  Function function_;
};

// A metric whose figure for the set comes from the summed counts of its samples.
class CountedMetric : public Metric {
 public:
  struct Parts {
    Column column;
    // Made from how many references the rows have: "1", "4", "var".
    std::function<std::string(std::string_view references)> signature;
    std::function<std::vector<double>(const std::string& hypothesis,
                                      std::span<const std::string> references)>
        counts;
    std::function<std::optional<double>(std::span<const double> counts)> figure;
    std::string undefined;  // why a sample has no figure
  };
  explicit CountedMetric(Parts parts) : parts_(std::move(parts)), columns_{parts_.column} {}
  const std::vector<Column>& columns() const override { return columns_; }
  std::string signature() const override { return parts_.signature(references_.shown()); }
  Measurement score(const Case& row, const Sample& sample) const override {
    if (row.references.empty()) return unscored(std::string(kNoReference));
    references_.saw(row.references.size());
    Measurement result;
    result.counts = parts_.counts(sample.text, row.references);
    result.values = {parts_.figure(result.counts)};
    if (!result.values.front()) result.why = parts_.undefined;
    return result;
  }
  std::vector<std::optional<double>> corpus(std::span<const double> counts) const override {
    if (counts.empty()) return {std::nullopt};
    return {parts_.figure(counts)};
  }

 protected:
  std::string references() const { return references_.shown(); }  // for signatures

 private:
  Parts parts_;
  std::vector<Column> columns_;
  mutable ReferenceCount references_;
};

inline std::string_view yes_no(bool truth) { return truth ? "yes" : "no"; }

inline Column column(ScoreKind kind, Range range = {}, Better better = Better::higher) {
  return {.detail = "", .headline = "", .kind = kind, .range = range, .better = better};
}

}  // namespace llmops
