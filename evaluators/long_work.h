#pragma once
#include <cstddef>
#include <functional>

namespace llmops {

// A second base of a metric whose batches take long: how far the present one is. Whoever shows it
// finds the base by dynamic_cast.
class LongWork {
 public:
  virtual ~LongWork() = default;
  // Called from several threads while `score_batch` runs: samples that are done, of how many. Set
  // it before; an empty one ends the reports.
  using Report = std::function<void(std::size_t done, std::size_t total)>;
  virtual void report_to(Report report) = 0;
};

}  // namespace llmops
