#pragma once
// What judges were asked in a run, and what they answered: durable before it is used, found again
// by what was asked.

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "evaluators/sample.h"
#include "evaluators/side_use.h"

namespace llmops {

class Database;
class Statement;

struct SideCall {
  std::string evaluator, model;  // who asked, who was asked
  std::string key;               // 32 digits over model and question (CacheKeys)
  Sample sample;                 // a cached one leaves no second copy of its answer
};

// One thread at a time. Errors of the file throw std::runtime_error that names it.
class SideCalls {
 public:
  // Of run `run_id` in the store of `folder`, which exists; "": of no run (a calibration). `ttl`:
  // answers of other runs are given again up to this age; absent: never. `keep`: other runs may
  // have this run's answers.
  SideCalls(const std::filesystem::path& folder, const std::string& run_id,
            std::optional<std::chrono::seconds> ttl, bool keep);
  ~SideCalls();
  SideCalls(const SideCalls&) = delete;
  SideCalls& operator=(const SideCalls&) = delete;

  struct Found {
    Sample sample;
    bool own = false;  // of this run: paid for and counted already
  };
  std::optional<Found> find(const std::string& key);
  // One transaction, which outlives the process at once.
  void add(std::span<const SideCall> calls);

 private:
  std::unique_ptr<Database> database_;
  std::unique_ptr<Statement> find_, insert_;
  std::int64_t run_ = 0;  // 0: of none
  std::optional<std::chrono::seconds> ttl_;
  bool keep_;
};

// What a run in the store of `folder` used of each model, by evaluator and model.
std::vector<SideUse> side_uses(const std::filesystem::path& folder, const std::string& run_id);

}  // namespace llmops
