#pragma once
// The embedded store: every run, call and score, in one SQLite file (WAL) under the project's state
// folder.

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "datasets/text/result.h"
#include "evaluators/run_record.h"
#include "evaluators/scoring.h"
#include "prompts/request.h"

namespace llmops {

class Database;
class Statement;

// One finished call on its way into the store.
struct CallRecord {
  std::shared_ptr<const Case> row;
  Sample sample;
  std::string content;      // hash of the case's own content
  std::int64_t number = 0;  // in the store, once it is there
  std::string cache_key;    // where the response cache keeps the answer; empty: it does not
};

struct StoredRunInfo {
  RunHeader header;
  Object spec;    // how it was started: suite (absolute path), overrides, evaluators
  Value verdict;  // {outcome, headline, rules}; null: not gated
};

// One process may write a run while others read. Errors of the file throw std::runtime_error that
// names it.
class Store {
 public:
  // Opens or makes `folder`/store.db. A store of a later version is refused.
  explicit Store(const std::filesystem::path& folder);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  // Whether a store lies there already; opening makes nothing then.
  static bool exists(const std::filesystem::path& folder);

  // Notes a new run, incomplete until `finish_run`; `header.id` is chosen here.
  void begin_run(RunHeader& header, const Object& spec);
  // One transaction, which outlives the process at once and a power cut after `sync`: the scores of
  // calls added earlier (by the numbers that were returned), then new calls. Returns the number of
  // the first new call; the others follow it one by one.
  std::int64_t add(const std::string& run_id,
                   std::span<const std::pair<std::int64_t, Scores>> scores,
                   std::span<const CallRecord> calls);
  // Has all transactions so far forced to the disk. Any one thread, beside another's `add`.
  void sync();
  void finish_run(const RunHeader& header);
  // Copies the calls and scores of a run, which may lie in another store, into run `into` of this
  // one. Each part is one transaction. A case that `into` has already throws.
  void copy_calls(const std::filesystem::path& from, const std::string& run_id,
                  const std::string& into);
  void set_verdict(const std::string& run_id, const Value& verdict);
  // Forgets the failed calls of a run, so that --resume asks them again; their attempts, faults and
  // cost still count.
  void drop_failed_calls(const std::string& run_id);
  // Scores answers that a killed run had stored but not scored.
  void score_unscored(const std::string& run_id, const std::vector<Evaluator>& evaluators);
  // Cases, samples, attempts, cached and failed ones and faults by class, of all that is stored of
  // a run.
  RunCounts count(const std::string& run_id) const;
  double cost(const std::string& run_id) const;  // what was spent: cached answers are free
  const std::filesystem::path& folder() const { return folder_; }
  bool has_call(const std::string& run_id, const std::string& case_id, int sample) const;

  std::vector<StoredRunInfo> runs() const;  // newest first
  // `name`: an id, a unique prefix of one, or "last". A problem lists what is there.
  Result<StoredRunInfo> find_run(const std::string& name) const;

  std::unique_ptr<RunSource> open_run(const RunHeader& header) const;
  std::unique_ptr<OutputSource> open_outputs(const RunHeader& header) const;

  // Every sample of a run, in order of case id and sample number.
  using Visit =
      std::function<void(const std::string& case_id, const Case& row, const SampleView& view)>;
  void visit_samples(const RunHeader& header, const Visit& visit) const;

 private:
  struct Writing;  // prepared statements of `add`
  std::filesystem::path folder_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<Writing> writing_;
  mutable std::unique_ptr<Statement> has_call_;  // prepared once: asked for every sample
  int log_ = -1;                                 // the write-ahead log, for `sync`
};

// A run's measures: the evaluators', then the built-in ones.
std::vector<Measure> run_measures(const std::vector<Evaluator>& evaluators);

// A case's own content (variables, references, context) as 16 hexadecimal digits.
std::string content_hash(const Case& row);

}  // namespace llmops
