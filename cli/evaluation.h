#pragma once
// The asking half of a run: cases -> requests -> model calls -> samples -> scores -> stored run.

#include <atomic>
#include <memory>
#include <string>

#include "cli/console.h"
#include "cli/sequential_run.h"
#include "cli/suite.h"
#include "evaluators/providers/provider.h"
#include "evaluators/runner/fan_out.h"
#include "evaluators/store/store.h"

namespace llmops {

class SideModels;     // evaluators/runner/side_models.h
class TraceExporter;  // evaluators/traces/exporter.h

// One cell of the matrix prompt x model, ready to run.
struct Cell {
  std::shared_ptr<const Prompt> prompt;
  Model* model = nullptr;
  std::string priced_by;  // the table that its price comes from; empty: the suite says it, or none
};

// Part `index` (from 1) of `of` parts of the dataset: every `of`-th case.
struct Shard {
  int index = 1, of = 1;
};

struct EvaluationOptions {
  FanOutOptions fan_out;
  std::optional<std::string> resume;    // id of the run that goes on
  std::string content;                  // hash over suite and prompt: what a resumed run must share
  SequentialRun* sequential = nullptr;  // gives the order of the cases and may stop the run
  std::optional<Shard> shard;
  bool batch = false;               // ask by batch (runner/batch_run.h)
  TraceExporter* traces = nullptr;  // told of each call; nullptr: nobody
  bool read_cache = true, write_cache = true;
  bool read_judge_cache = true;  // apart: a rule on times keeps the model's answers out of it
  SideModels* judges = nullptr;  // nullptr: no evaluator asks a model
  const OutputSource* baseline = nullptr;  // the accepted run's outputs, for judges that compare
};

// Asks for every sample that is neither stored yet nor in the response cache, and stores it with
// its scores. The header is complete where every sample was asked for. A problem: another process
// works on the run that is resumed. Throws std::runtime_error where the store fails.
Result<RunHeader> run_cell(const Suite& suite, const Dataset& dataset, const Cell& cell,
                           Store& store, EventLoop& loop, const EvaluationOptions& options,
                           Console& console);

// What a run's record says before its first call.
RunHeader new_header(const Suite& suite, const Dataset& dataset, const Cell& cell,
                     const EvaluationOptions& options);
// Says in the header whether all that was wanted is there, and why not. `judges_stopped`: why the
// judges gave up before all was judged.
void judge_completeness(const Suite& suite, const FanOutCounts& counts, std::int64_t wanted,
                        const std::optional<std::string>& judges_stopped, RunHeader& header);

// The requests of a run, one after another in the dataset's order.
class Requests {
 public:
  // `stored`: its samples of run `run_id` are left out; may be nullptr.
  Requests(const Suite& suite, std::unique_ptr<CaseStream> cases, const Cell& cell,
           const Store* stored, std::string run_id, std::optional<Shard> shard);
  // nullptr at the end. Throws std::runtime_error where a prompt cannot be rendered.
  std::shared_ptr<const Request> next();

 private:
  const Suite& suite_;
  const Cell& cell_;
  std::unique_ptr<CaseStream> cases_;
  const Store* stored_;
  std::string run_id_;
  std::optional<Shard> shard_;
  std::int64_t read_ = 0;
  std::shared_ptr<const Case> row_;
  int sample_ = 0;
  std::vector<Message> messages_;
};

// How many cases of the dataset a run asks about.
std::int64_t cases_of(const Dataset& dataset, const std::optional<Shard>& shard);

// The number of Ctrl-C so far; installs the handler at its first call.
const std::atomic<int>& interrupts();

}  // namespace llmops
