#pragma once
// What every metric is: facts about it, and a maker that reads its options.

#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/case.h"
#include "datasets/text/fields.h"
#include "evaluators/sample.h"

namespace llmops {

enum class Better { higher, lower, neither };
enum class ScoreKind {
  binary,
  bounded,
  positive,
  unbounded
};  // positive: no upper end (tokens, edits)

std::string_view name(Better better);
std::string_view name(ScoreKind kind);

struct Range {
  double low = 0.0;
  double high = 1.0;
};

// One number that a metric gives for a sample.
struct Column {
  std::string detail;  // "rougeL.fmeasure"; "" for a metric with one number
  // Under which name it enters rules and records: "rougeL" makes `rouge.rougeL`, "" the metric's
  // own name. Absent: shown by `score --per-row` only.
  std::optional<std::string> headline;
  ScoreKind kind = ScoreKind::bounded;
  Range range;
  Better better = Better::higher;
};

// The numbers of one sample, one for each column; absent = unscored, with the reason in `why`.
struct Measurement {
  std::vector<std::optional<double>> values;
  std::string why;
  std::vector<double> counts;  // corpus metrics: addends of the corpus figure
  std::string note;            // what was extracted, for the report
  // What a majority vote over a case's samples counts ("42"); empty: no answer was found, or the
  // metric has none.
  std::string answer = {};
};

// A sample and the case that it answers; both outlive the call.
struct Scorable {
  const Case* row = nullptr;
  const Sample* sample = nullptr;
};

// A metric with its options read. Thread-safe but for `survey`: `score` is called from many threads
// at once.
class Metric {
 public:
  virtual ~Metric() = default;
  virtual const std::vector<Column>& columns() const = 0;
  // Everything that the number depends on:
  // "bleu|nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:1".
  virtual std::string signature() const = 0;
  virtual Measurement score(const Case& row, const Sample& sample) const = 0;
  // A metric that weighs a sample by the whole set asks to see every case, one after another, before
  // the first score.
  virtual bool wants_survey() const { return false; }
  virtual void survey(const Case& row);
  // The same numbers as `score` for each sample, in order; runs in parallel by itself. Metrics that
  // do better with many samples at once replace it.
  virtual std::vector<Measurement> score_batch(std::span<const Scorable> batch) const;
  // Figures of the whole set from the summed counts, one for each column (absent: no corpus form).
  virtual std::vector<std::optional<double>> corpus(std::span<const double> counts) const;
};

struct MetricInfo {
  std::string_view name;
  std::string_view summary;  // one line for help
  std::string_view source;   // paper or reference program with version
  bool needs_references = true;
  std::span<const std::string_view> options;  // keys that `make` reads, for help
  // Reads the options (a missing mapping reads as empty) and notes every problem in `fields`;
  // returns nullptr only where problems were noted.
  std::unique_ptr<Metric> (*make)(Fields& fields);
  bool safety = false;  // its score says something about harm: shown as such in model cards
};

// All metrics of metrics/metrics.def, in its order.
std::span<const MetricInfo* const> metrics();
const MetricInfo* find_metric(std::string_view name);

}  // namespace llmops
