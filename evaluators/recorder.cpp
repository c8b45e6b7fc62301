#include "evaluators/recorder.h"

#include <tbb/parallel_for.h>

#include <algorithm>

namespace llmops {
namespace {

constexpr std::size_t kLargestBatch = 2048;
constexpr std::size_t kLargestQueue = 8192;

}  // namespace

Recorder::Recorder(Store& store, std::string run_id, const std::vector<Evaluator>& evaluators,
                   OnScored on_scored)
    : store_(store),
      run_id_(std::move(run_id)),
      evaluators_(evaluators),
      on_scored_(std::move(on_scored)),
      thread_([this] { work(); }) {}

Recorder::~Recorder() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Recorder::add(std::shared_ptr<const Case> row, Sample sample, std::string cache_key) {
  CallRecord call{.row = std::move(row),
                  .sample = std::move(sample),
                  .content = "",
                  .cache_key = std::move(cache_key)};
  std::unique_lock lock(mutex_);
  room_.wait(lock, [&] { return queue_.size() < kLargestQueue || failure_ != nullptr; });
  if (failure_ != nullptr) std::rethrow_exception(failure_);
  queue_.push_back(std::move(call));
  // The worker takes what has gathered while it was busy: waking it for the first of a batch is
  // enough.
  if (queue_.size() == 1) wake_.notify_one();
}

void Recorder::finish() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
  if (failure_ != nullptr) std::rethrow_exception(failure_);
}

void Recorder::work() {
  try {
    for (;;) {
      std::vector<CallRecord> batch;
      {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [&] { return closed_ || !queue_.empty(); });
        const std::size_t take = std::min(queue_.size(), kLargestBatch);
        batch.assign(std::make_move_iterator(queue_.begin()),
                     std::make_move_iterator(queue_.begin() + static_cast<std::ptrdiff_t>(take)));
        queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(take));
      }
      room_.notify_all();
      if (batch.empty()) break;  // closed, and nothing is left
      record(std::move(batch));
    }
    flush_scores();
  } catch (...) {
    const std::lock_guard lock(mutex_);
    failure_ = std::current_exception();
    room_.notify_all();
  }
}

// One transaction stores this batch's answers and the scores of the batch before; the answers are
// durable before they are scored.
void Recorder::record(std::vector<CallRecord> batch) {
  tbb::parallel_for(std::size_t{0}, batch.size(),
                    [&](std::size_t i) { batch[i].content = content_hash(*batch[i].row); });
  const std::int64_t first = store_.add(run_id_, scored_, batch);
  std::vector<Scorable> samples(batch.size());
  for (std::size_t i = 0; i < batch.size(); ++i)
    samples[i] = {batch[i].row.get(), &batch[i].sample};
  std::vector<Scores> scores = score_batch(evaluators_, samples);
  scored_.resize(batch.size());
  for (std::size_t i = 0; i < batch.size(); ++i)
    scored_[i] = {first + static_cast<std::int64_t>(i), std::move(scores[i])};
  if (on_scored_)
    for (std::size_t i = 0; i < batch.size(); ++i) on_scored_(batch[i], scored_[i].second);
  for (const CallRecord& call : batch)
    if (call.sample.error) ++errors_[std::string(name(call.sample.error.kind))];
}

void Recorder::flush_scores() {
  if (scored_.empty()) return;
  store_.add(run_id_, scored_, {});
  scored_.clear();
}

}  // namespace llmops
