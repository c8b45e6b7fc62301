#include "cli/scoring_progress.h"

#include <algorithm>

#include "evaluators/long_work.h"
#include "evaluators/metric.h"

namespace llmops {

ScoringProgress::ScoringProgress(Console& console, const std::vector<Evaluator>& evaluators)
    : console_(console), evaluators_(evaluators) {
  for (const Evaluator& evaluator : evaluators_)
    if (auto* const slow = dynamic_cast<LongWork*>(evaluator.metric.get()))
      slow->report_to([this, name = evaluator.name](std::size_t done, std::size_t total) {
        report(name, done, total);
      });
}

ScoringProgress::~ScoringProgress() {
  for (const Evaluator& evaluator : evaluators_)
    if (auto* const slow = dynamic_cast<LongWork*>(evaluator.metric.get())) slow->report_to({});
}

void ScoringProgress::start() {
  const std::lock_guard lock(mutex_);
  shown_ = true;
}

void ScoringProgress::stop() {
  const std::lock_guard lock(mutex_);
  shown_ = false;
  progress_.reset();
}

std::string ScoringProgress::line() const {
  const std::lock_guard lock(mutex_);
  return progress_ == nullptr ? "" : progress_->line();
}

// Threads report as they finish, so a number may be a little behind the one before; a new batch
// starts far below.
void ScoringProgress::report(const std::string& evaluator, std::size_t done, std::size_t total) {
  const std::lock_guard lock(mutex_);
  if (!shown_) return;
  const bool next = evaluator != evaluator_ || done < done_ / 2;
  if (progress_ == nullptr || next) {
    progress_.reset();  // one line at a time
    progress_ = std::make_unique<Progress>(console_, "scores of " + evaluator,
                                           static_cast<std::int64_t>(total));
    done_ = 0;
  }
  evaluator_ = evaluator;
  done_ = std::max(done_, done);
  progress_->set_done(static_cast<std::int64_t>(done_));
}

}  // namespace llmops
