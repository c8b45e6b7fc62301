#pragma once
// Puts a server under load and notes what each request came to. A closed loop keeps so many
// requests in flight; an open loop sends when they are due, whatever the server does. One attempt a
// request: a benchmark counts failures, it does not mend them.

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "evaluators/load/arrivals.h"
#include "evaluators/load/load_record.h"
#include "evaluators/load/time_histogram.h"
#include "evaluators/load/workload.h"
#include "evaluators/providers/provider.h"
#include "evaluators/transport/event_loop.h"

namespace llmops {

struct LoadTick;

struct LoadOptions {
  int concurrency = 1;                  // closed loop: requests in flight
  std::optional<ArrivalSpec> arrivals;  // open loop
  int most_in_flight = 0;               // open loop: what is due beyond waits; 0: no cap
  std::int64_t requests = 0;            // measured ones; 0: until `duration_s`
  double duration_s = 0;                // of the measured part; 0: until `requests`
  std::int64_t warm_up_requests = 0;    // before them, at the same load, outside the figures
  double warm_up_s = 0;
  // After them the load goes on, so that the last measured requests see it too: until they are all
  // answered, this long at most.
  double cool_down_s = 0;
  double stagger_s = 0;  // closed loop: the slots start spread over this time, best over one mean
                         // service time
  double think_s = 0;    // before the next turn of a conversation
  std::uint64_t seed = 1;
  const std::atomic<int>* interrupts = nullptr;  // not 0: nothing more is sent
  std::function<void(const LoadTick&)> on_tick;  // on the loop's thread
  double tick_s = 0.1;
  bool keep_gaps = false;  // every gap of every request: about 4 bytes a token
};

// One second of the load.
struct LoadSecond {
  std::int64_t sent = 0, done = 0, failed = 0;
  std::int64_t output_tokens = 0;  // by the stamps of their events
  std::int64_t in_flight = 0;      // at its end
};

struct LoadTick {
  double at_s = 0;
  bool warming = false, cooling = false;
  std::int64_t sent = 0, done = 0, failed = 0, in_flight = 0, waiting = 0;
  std::int64_t measured_done = 0;  // without those that warm up or cool down
  double measured_s = 0;           // since the measured part began
  std::int64_t wanted = 0;         // measured requests; 0: a duration was asked for
  double wanted_s = 0;
  const LoadSecond* last = nullptr;  // the last whole second
  const std::map<ErrorClass, std::int64_t>* errors = nullptr;
  const TimeHistogram* ttft = nullptr;  // measured ones so far
  const TimeHistogram* tpot = nullptr;
};

struct LoadResult {
  std::vector<LoadRecord> records;  // in order of completion
  std::vector<LoadSecond> seconds;
  TimeHistogram event_gaps;  // between payload events
  TimeHistogram token_gaps;  // the same, shared by the tokens of each event
  double wall_s = 0;         // first send to last completion
  // The steady window: closed loop, from the first time that all slots are busy and warm-up is
  // over; open loop, from the end of warm-up; both to the last measured send. Empty (from >= to) in
  // a run that was too short.
  double window_from_s = 0, window_to_s = 0;
  std::int64_t most_in_flight = 0;
  std::int64_t never_sent = 0;  // due, but waiting behind the cap when the run ended
  TimeHistogram schedule_lag;   // ms between due and handed to the client
  double loop_lag_p99_ms = 0, loop_lag_max_ms = 0;  // readable -> read
  double client_cpu_share = 0;  // of one core, by the thread that sends and reads
  bool interrupted = false;
  std::vector<std::vector<float>> gaps_ms;  // between payload events, one list a record; keep_gaps
  LoadWitness witness;                      // filled in by whoever watched the server
};

// The model must keep its events (ModelSpec::keep_events). About 100 bytes a request.
LoadResult run_load(Model& model, Workload& workload, EventLoop& loop, const LoadOptions& options);

}  // namespace llmops
