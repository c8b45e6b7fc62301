// Two threads. The writer puts answers into the store as soon as they are there: from then on a
// killed run has them. The scorer has them forced to the disk, then scores them; their scores are
// stored along with later answers. So neither the disk nor a slow metric keeps an answer waiting.
#include "evaluators/recorder.h"

#include <algorithm>

#include "evaluators/asker.h"

namespace llmops {
namespace {

constexpr std::size_t kLargestBatch = 2048;
constexpr std::size_t kLargestQueue = 8192;
constexpr std::size_t kMostUnscored = 4;  // batches
// A transaction costs about as much as storing ten answers: at high rates they gather this long.
constexpr std::chrono::milliseconds kBetweenWrites(1);

}  // namespace

Recorder::Recorder(Store& store, std::string run_id, const std::vector<Evaluator>& evaluators,
                   OnScored on_scored)
    : store_(store),
      run_id_(std::move(run_id)),
      evaluators_(evaluators),
      on_scored_(std::move(on_scored)),
      writer_([this] { write(); }),
      scorer_([this] { score(); }) {}

Recorder::~Recorder() { close(); }

void Recorder::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  to_write_.notify_one();
  if (scorer_.joinable()) scorer_.join();
  if (writer_.joinable()) writer_.join();
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
  // The writer takes what has gathered while it was busy: waking it for the first is enough.
  if (queue_.size() == 1) to_write_.notify_one();
}

void Recorder::finish() {
  close();
  if (failure_ != nullptr) std::rethrow_exception(failure_);
  if (!scored_.empty()) store_.add(run_id_, std::exchange(scored_, {}), {});
  store_.sync();
}

void Recorder::fail() {
  const std::lock_guard lock(mutex_);
  if (failure_ == nullptr) failure_ = std::current_exception();
  closed_ = true;
  written_ = true;
  room_.notify_all();
  to_write_.notify_all();
  to_score_.notify_all();
}

void Recorder::write() {
  try {
    write_all();
  } catch (...) {
    fail();
  }
  const std::lock_guard lock(mutex_);
  written_ = true;
  to_score_.notify_one();
}

void Recorder::write_all() {
  auto next_write = std::chrono::steady_clock::now();
  for (;;) {
    Batch batch;
    Scored scored;
    {
      std::unique_lock lock(mutex_);
      to_write_.wait(lock, [&] { return closed_ || !queue_.empty(); });
      if (!closed_ && std::chrono::steady_clock::now() < next_write)
        to_write_.wait_until(lock, next_write, [&] { return closed_; });
      // A slow metric holds the writer only where batches pile up.
      room_.wait(lock, [&] { return stored_.size() < kMostUnscored || failure_ != nullptr; });
      if (failure_ != nullptr || queue_.empty()) return;
      const auto take = static_cast<std::ptrdiff_t>(std::min(queue_.size(), kLargestBatch));
      batch.assign(std::make_move_iterator(queue_.begin()),
                   std::make_move_iterator(queue_.begin() + take));
      queue_.erase(queue_.begin(), queue_.begin() + take);
      scored.swap(scored_);
    }
    room_.notify_all();
    for (CallRecord& call : batch) {
      call.content = content_hash(*call.row);
      if (call.sample.error) ++errors_[std::string(name(call.sample.error.kind))];
    }
    std::int64_t number = store_.add(run_id_, scored, batch);
    for (CallRecord& call : batch) call.number = number++;
    next_write = std::chrono::steady_clock::now() + kBetweenWrites;
    {
      const std::lock_guard lock(mutex_);
      stored_.push_back(std::move(batch));
    }
    to_score_.notify_one();
  }
}

void Recorder::score() {
  try {
    for (;;) {
      Batch batch;
      {
        std::unique_lock lock(mutex_);
        to_score_.wait(lock, [&] { return written_ || !stored_.empty(); });
        if (stored_.empty() || failure_ != nullptr) return;
        batch = std::move(stored_.front());
        stored_.pop_front();
        while (!stored_.empty()) {  // all that is there is scored at once
          Batch& more = stored_.front();
          batch.insert(batch.end(), std::make_move_iterator(more.begin()),
                       std::make_move_iterator(more.end()));
          stored_.pop_front();
        }
      }
      room_.notify_all();
      score(batch);
    }
  } catch (...) {
    fail();
  }
}

void Recorder::score(const Batch& calls) {
  store_.sync();
  if (asking_stopped(evaluators_)) return;
  std::vector<Scorable> samples(calls.size());
  for (std::size_t i = 0; i < calls.size(); ++i)
    samples[i] = {calls[i].row.get(), &calls[i].sample};
  std::vector<Scores> scores = score_batch(evaluators_, samples);
  // What was scored since then lacks its judges' answers: a resumed run scores it.
  if (asking_stopped(evaluators_)) return;
  if (on_scored_)
    for (std::size_t i = 0; i < calls.size(); ++i) on_scored_(calls[i], scores[i]);
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < calls.size(); ++i)
    scored_.emplace_back(calls[i].number, std::move(scores[i]));
}

}  // namespace llmops
