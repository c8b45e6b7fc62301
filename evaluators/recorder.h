#pragma once
// Takes finished samples from the event loop: makes them durable first, scores them then, beside
// the loop.

#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "evaluators/scoring.h"
#include "evaluators/store/store.h"

namespace llmops {

class Recorder {
 public:
  // Called with each call, in order, once it is stored and scored; on one thread of the recorder.
  using OnScored = std::function<void(const CallRecord& call, const Scores& scores)>;
  // The three must outlive this object. `store` is used by the recorder's own threads alone until
  // `finish`.
  Recorder(Store& store, std::string run_id, const std::vector<Evaluator>& evaluators,
           OnScored on_scored = {});
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  // Hands a finished sample over; waits only where thousands stand in the queue. With a `cache_key`
  // the response cache gives the answer again.
  void add(std::shared_ptr<const Case> row, Sample sample, std::string cache_key = "");
  // Everything stored and scored. Rethrows what stopped the recorder (a full disk).
  void finish();

  const std::map<std::string, std::int64_t>& errors() const { return errors_; }  // after `finish`

 private:
  using Batch = std::vector<CallRecord>;
  using Scored = std::vector<std::pair<std::int64_t, Scores>>;

  void write();
  void write_all();
  void score();
  void score(const Batch& calls);
  void close();
  void fail();

  Store& store_;
  std::string run_id_;
  const std::vector<Evaluator>& evaluators_;
  OnScored on_scored_;
  std::mutex mutex_;  // of what follows
  std::condition_variable to_write_, to_score_, room_;
  std::deque<CallRecord> queue_;
  std::deque<Batch> stored_;  // and not yet scored
  Scored scored_;             // not yet in the store
  bool closed_ = false;       // no more answers
  bool written_ = false;      // no more to score
  std::exception_ptr failure_;
  std::map<std::string, std::int64_t> errors_;
  std::thread writer_, scorer_;
};

}  // namespace llmops
