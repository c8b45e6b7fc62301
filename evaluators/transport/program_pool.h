#pragma once
// Programs that answer each line with a line: started when one is needed, kept for the next
// question, killed with their children when they are late.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "evaluators/sample.h"
#include "evaluators/transport/event_loop.h"

namespace llmops {

// On the loop's thread alone.
class ProgramPool {
 public:
  // `line` lives until the call returns; empty where `error` says why there is none.
  using Done = std::function<void(std::string_view line, CallError error)>;

  // `command` runs in `folder`. The loop must outlive the pool.
  ProgramPool(EventLoop& loop, std::vector<std::string> command, std::filesystem::path folder);
  ~ProgramPool();
  ProgramPool(const ProgramPool&) = delete;
  ProgramPool& operator=(const ProgramPool&) = delete;

  // One question to an idle program, or to a new one. Returns its number; 0: no program could be
  // started, and `done` has been told.
  std::uint64_t ask(std::string_view line, std::chrono::nanoseconds timeout, Done done);
  // Its program is killed; `done` hears ErrorClass::cancelled in a later turn.
  void cancel(std::uint64_t question);
  void cancel_all();

 private:
  struct Worker;
  Worker* idle_worker(CallError& error);
  void on_line(Worker& worker, std::string_view line);
  void finish(Worker& worker, std::string_view line, CallError error);
  void end(Worker& worker, CallError error);

  EventLoop& loop_;
  std::vector<std::string> command_;
  std::filesystem::path folder_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::uint64_t next_ = 1;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace llmops
