#pragma once
// What a run leaves behind for comparisons: who was measured, and one row of numbers a case.

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "datasets/case.h"
#include "evaluators/metric.h"
#include "evaluators/side_use.h"

namespace llmops {

// One quantity that every case of a run has: an evaluator's column, or a built-in one (tokens,
// cost, times, error_rate, coverage).
struct Measure {
  std::string name;  // "numeric_match", "rouge.rougeL", "output_tokens", "ttft"
  ScoreKind kind = ScoreKind::bounded;
  Range range;
  Better better = Better::higher;
  std::string signature;  // built-in measures: their name and version
  std::string unit;       // "", "tokens", "usd", "ms"
  bool builtin = false;
  // How a case's value comes from its samples (evaluators/reduce.h): "pass@5"; empty: their mean.
  std::string reduce = {};
};

// One case of a run: the mean over its samples of every measure.
struct CaseRow {
  std::string id;
  std::string content;  // hash of what was asked about (the case's own content), 16 hex digits
  std::string output;   // hash of all output texts, 16 hex digits
  std::string group;
  std::vector<Tag> tags;
  int samples = 0;                            // asked for
  int failed = 0;                             // of them without an answer
  std::vector<std::optional<double>> values;  // one for each measure; absent: unscored
  std::vector<std::optional<double>>
      variances;  // between the samples of the case; absent: fewer than two
};

struct RunCounts {
  std::int64_t cases = 0, samples = 0;
  std::int64_t made = 0, cached = 0, failed = 0, retried = 0;  // calls
  std::vector<std::pair<std::string, std::int64_t>> errors;    // failed samples by class
  // Failed attempts by class, those that a retry mended too.
  std::vector<std::pair<std::string, std::int64_t>> faults;
};

struct RunHeader {
  static constexpr int kSchemaVersion = 1;
  std::string id;
  std::string created;  // RFC 3339, UTC
  std::string suite;    // as it was named
  Object prompt;        // name, version, sha256
  Object dataset;       // path, sha256, cases
  Object model;         // provider, name, ... (never a key)
  Object hardware;      // fingerprint, where one is known
  std::uint64_t seed = 1;
  int samples_per_case = 1;
  int shard = 0, shards = 0;  // which part of the dataset this is, from 1; 0: all of it
  std::vector<Measure> measures;
  RunCounts counts;                // calls of the model under test
  std::vector<SideUse> side_uses;  // of judges
  double cost_usd = 0;             // all of it
  double wall_s = 0;
  bool complete = true;
  std::string why_incomplete;
  std::vector<std::string> warnings;
};

Value to_value(const RunHeader& header);
// Reads what `to_value` wrote (any earlier schema version too); every problem is noted.
RunHeader read_run_header(const Value& value, const Source& source, Diagnostics& problems);

// The measures that every run has after its evaluators': input_tokens output_tokens total_tokens
// cost_per_case latency ttft tpot itl error_rate coverage cached_tokens reasoning_tokens, in this
// order. A case's value is the mean over its samples; error_rate is the share of samples without an
// answer, coverage the share with an answer that every evaluator could score. Times are in
// milliseconds.
const std::vector<Measure>& builtin_measures();

// Rows sorted by case id (byte order), each id once. Not thread-safe.
class RowStream {
 public:
  virtual ~RowStream() = default;
  virtual bool next(CaseRow& row) = 0;
};

// A run that can be compared: a stored one, a baseline file, a file of scores.
class RunSource {
 public:
  virtual ~RunSource() = default;
  virtual const RunHeader& header() const = 0;
  virtual std::unique_ptr<RowStream> rows() const = 0;  // a fresh pass
};

// One output as reports show it.
struct SampleView {
  Sample sample;
  std::vector<std::pair<std::string, std::optional<double>>> scores;  // measure -> score
  std::vector<std::pair<std::string, std::string>>
      notes;  // measure -> what was extracted, why unscored
};

// The texts of a run, where they are still there (a baseline file holds none).
class OutputSource {
 public:
  virtual ~OutputSource() = default;
  virtual std::optional<Case> find_case(
      const std::string& case_id) const = 0;  // variables, references, tags
  virtual std::vector<SampleView> samples(const std::string& case_id) const = 0;
};

}  // namespace llmops
