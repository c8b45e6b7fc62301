#pragma once
// The judges of a suite: who they are, and their part in a run.

#include <memory>
#include <optional>
#include <string>

#include "cli/suite.h"
#include "evaluators/prices/price_table.h"
#include "evaluators/runner/fan_out.h"
#include "evaluators/runner/side_run.h"
#include "evaluators/store/store.h"

namespace llmops {

// Reads `judge:` and says to each evaluator that asks models who answers; notes those for whom
// nobody does.
void read_judges(Suite& suite, Fields& fields, Diagnostics& problems);

// The models of all evaluators that ask some, priced; nullptr where none does. Notes problems.
std::unique_ptr<SideModels> make_side_models(const Suite& suite, const PriceTable& prices,
                                             Diagnostics& problems);

// Judges connected to the evaluators as long as this lives.
class ConnectedJudges {
 public:
  struct Options {
    std::optional<std::chrono::seconds> ttl;
    bool read_cache = true, write_cache = true;
    std::shared_ptr<const Prompt> prompt;
    const OutputSource* baseline = nullptr;
    OnCall on_call = {};  // told of each call of a judge, on any thread
    // Evaluators of a second run beside the suite's own, and that run; nullptr: none.
    const std::vector<Evaluator>* others = nullptr;
    std::string other_run = {};
  };
  // `models` may be nullptr: then nothing is connected. `fan_out`: budget, time and
  // interrupts of the run, which goes on from now.
  ConnectedJudges(const Suite& suite, SideModels* models, const Store& store,
                  const std::string& run_id, const FanOutOptions& fan_out, const Options& options);
  ~ConnectedJudges();
  ConnectedJudges(const ConnectedJudges&) = delete;
  ConnectedJudges& operator=(const ConnectedJudges&) = delete;

  // Why the judges stopped before all was judged.
  std::optional<std::string> stopped() const;
  // What that evaluator is connected to.
  AskingContext context_of(const AsksModels& asks) const;
  // Asks every calibrated judge about its anchors again; a sentence for each that drifts.
  std::vector<std::string> drift(const Suite& suite, const std::string& run_id);
  double worth_usd() const { return run_ ? run_->worth_usd() : 0; }
  std::int64_t waiting() const { return run_ ? run_->waiting() : 0; }
  std::int64_t answered() const { return run_ ? run_->answered() : 0; }
  // What they used of that run, that of clients beside the store too.
  std::vector<SideUse> uses(const Store& store, const std::string& run_id) const;

 private:
  void connect(const std::vector<Evaluator>& evaluators, const SideModels* models,
               const std::string& run_id);

  AskingContext common_;
  Budget* budget_ = nullptr;                          // of the run; nullptr: none
  std::vector<std::pair<AsksModels*, Asker*>> asks_;  // every evaluator that asks, and whom
  std::vector<std::string> runs_;                     // of each, in that order
  std::optional<SideRun> run_;
};

// What the judges of a run were asked, and what that cost, in its header.
void add_side_uses(RunHeader& header, std::vector<SideUse> uses);

}  // namespace llmops
