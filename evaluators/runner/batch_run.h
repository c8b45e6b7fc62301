#pragma once
// Asks a model many things by batch: half the price, within a day, no times. Same shape as fan_out.

#include <functional>
#include <memory>
#include <string>

#include "evaluators/runner/fan_out.h"

namespace llmops {

class BatchJournal;  // evaluators/store/batch_journal.h

struct BatchOptions {
  // max_cost_usd, max_tokens, budget, max_time, interrupts, known, stop_because, on_tick and tick
  // hold as in fan_out.
  FanOutOptions limits;
  // Told in a sentence when a batch is made, found again, or ends.
  std::function<void(const std::string&)> on_note;
  // Between two looks at a batch; doubled up to the second.
  std::chrono::nanoseconds first_look = std::chrono::milliseconds(500);
  std::chrono::nanoseconds last_look = std::chrono::seconds(30);
};

struct BatchCounts {
  FanOutCounts counts;
  std::vector<std::int64_t> ended;  // in the journal: forget them once their answers are durable
};

// Batches that the journal has open are waited for first of all; only requests that lie in none of
// them go into new ones. An interrupt or the end of `max_time` leaves batches with the server and
// in the journal. A batch that the server refuses whole stops the run. The requests of all open
// batches are held in memory, and the file of answers that is read. The provider has batches
// (Provider::batch).
BatchCounts batch_run(const std::function<std::shared_ptr<const Request>()>& next, Model& model,
                      EventLoop& loop, BatchJournal& journal, const BatchOptions& options,
                      const std::function<void(const Request&, Sample)>& on_sample);

}  // namespace llmops
