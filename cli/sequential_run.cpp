#include "cli/sequential_run.h"

#include <algorithm>

namespace llmops {
namespace {

class DrawnCases final : public CaseStream {
 public:
  explicit DrawnCases(const std::vector<std::shared_ptr<const Case>>& cases) : cases_(cases) {}
  bool next(Case& row) override {
    if (at_ == cases_.size()) return false;
    row = *cases_[at_++];
    return true;
  }

 private:
  const std::vector<std::shared_ptr<const Case>>& cases_;
  std::size_t at_ = 0;
};

std::optional<double> mean_of(const std::vector<Scores>& samples, std::size_t measure) {
  double sum = 0;
  int n = 0;
  for (const Scores& scores : samples) {
    if (measure >= scores.values.size() || !scores.values[measure]) continue;
    sum += *scores.values[measure];
    ++n;
  }
  if (n == 0) return std::nullopt;
  return sum / n;
}

}  // namespace

Result<std::unique_ptr<SequentialRun>> SequentialRun::make(const Suite& suite,
                                                           const Dataset& dataset,
                                                           const RunSource* baseline) {
  if (!suite.gate || baseline == nullptr)
    return problem("--sequential compares with a baseline, and there is none",
                   "expected a gate with `baseline:`",
                   "make and accept a first run, or leave --sequential out");
  RunHeader candidate;
  candidate.measures = run_measures(suite.evaluators);
  Result<SequentialVerdict> verdict = SequentialVerdict::make(
      *suite.gate, baseline->header(), candidate, static_cast<std::int64_t>(dataset.info().cases));
  if (!verdict) return verdict.problems();
  std::unique_ptr<SequentialRun> run(new SequentialRun(*std::move(verdict), suite));

  std::vector<std::shared_ptr<const Case>> in_order;
  const std::unique_ptr<CaseStream> cases = dataset.cases();
  for (Case row; cases->next(row);)
    in_order.push_back(std::make_shared<const Case>(std::move(row)));
  for (const std::uint32_t index : drawn_order(in_order.size(), suite.seed)) {
    run->positions_.emplace(in_order[index]->id, static_cast<std::int64_t>(run->cases_.size()));
    run->cases_.push_back(in_order[index]);
  }
  const std::unique_ptr<RowStream> rows = baseline->rows();
  for (CaseRow row; rows->next(row);) run->baseline_.emplace(row.id, row);
  return run;
}

std::unique_ptr<CaseStream> SequentialRun::cases() const {
  return std::make_unique<DrawnCases>(cases_);
}

void SequentialRun::take(const CallRecord& call, const Scores& scores) {
  const std::string& id = call.row->id;
  std::vector<Scores>& samples = gathering_[id];
  samples.push_back(scores);
  if (call.sample.error) ++failed_[id];
  if (static_cast<int>(samples.size()) < suite_.samples) return;

  CaseRow row{.id = id, .group = call.row->group, .samples = suite_.samples, .failed = failed_[id]};
  const std::size_t evaluated = measures_of(suite_.evaluators).size();
  row.values.resize(evaluated + builtin_measures().size());
  for (std::size_t i = 0; i < evaluated; ++i) row.values[i] = mean_of(samples, i);
  for (const Scores& each : samples)
    reducer_.add(each.values, [&](const std::string& measure) {
      const auto note =
          std::ranges::find(each.notes, measure, &std::pair<std::string, std::string>::first);
      return note == each.notes.end() ? std::string() : note->second;
    });
  reducer_.finish(row);
  gathering_.erase(id);
  failed_.erase(id);
  const auto before = baseline_.find(id);
  verdict_.add(positions_.at(id), before == baseline_.end() ? nullptr : &before->second, row);
  if (verdict_.decided()) request_stop(1);
}

}  // namespace llmops
