#include "cli/scoring_progress.h"

#include <doctest/doctest.h>

#include <cstdio>

#include "evaluators/long_work.h"
#include "evaluators/metric.h"

using namespace llmops;

namespace {

class SlowMetric final : public Metric, public LongWork {
 public:
  const std::vector<Column>& columns() const override { return columns_; }
  std::string signature() const override { return "slow"; }
  Measurement score(const Case&, const Sample&) const override { return {}; }
  void report_to(Report to) override { report = std::move(to); }

  Report report;

 private:
  std::vector<Column> columns_;
};

}  // namespace

TEST_CASE("scoring progress: shows the batch that is scored once all answers are in") {
  std::FILE* const nowhere = std::fopen("/dev/null", "w");
  REQUIRE(nowhere != nullptr);
  Console console(nowhere, nowhere, {.quiet = true});
  std::vector<Evaluator> evaluators(2);
  std::vector<SlowMetric*> metrics;
  for (Evaluator& evaluator : evaluators) {
    auto metric = std::make_unique<SlowMetric>();
    metrics.push_back(metric.get());
    evaluator.name = metrics.size() == 1 ? "bertscore" : "other";
    evaluator.metric = std::move(metric);
  }
  {
    ScoringProgress scoring(console, evaluators);
    REQUIRE(metrics[0]->report);
    metrics[0]->report(5, 40);
    CHECK(scoring.line().empty());  // calls are on their way: their line is shown
    scoring.start();
    metrics[0]->report(10, 40);
    CHECK(scoring.line().find("10/40 scores of bertscore") == 0);
    metrics[0]->report(30, 40);
    metrics[0]->report(29, 40);  // a thread that was overtaken
    CHECK(scoring.line().find("30/40 scores of bertscore") == 0);
    CHECK(scoring.line().find("ETA") != std::string::npos);
    metrics[0]->report(1, 7);  // the next batch
    CHECK(scoring.line().find("1/7 scores of bertscore") == 0);
    metrics[1]->report(6, 7);
    CHECK(scoring.line().find("6/7 scores of other") == 0);
    scoring.stop();
    CHECK(scoring.line().empty());
  }
  CHECK_FALSE(metrics[0]->report);  // it tells nobody who is gone
  std::fclose(nowhere);
}
