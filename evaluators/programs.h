#pragma once
// Programs of the user's own that answer each line with a line.

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace llmops {

class EventLoop;
class Fields;
class ProgramPool;

// The program and its arguments under `command`: a list, or one text for the shell. Empty where it
// is missing, or where `folder` and PATH have no such program, which is noted.
std::vector<std::string> read_command(Fields& fields, const std::filesystem::path& folder);

// Some copies of one program, asked from threads that wait for the answers. Thread-safe: callers
// take turns.
class Programs {
 public:
  // Up to `workers` copies, which start in `folder` when they are first needed; one that does not
  // answer within `timeout` is killed.
  Programs(std::vector<std::string> command, std::filesystem::path folder, std::size_t workers,
           std::chrono::nanoseconds timeout);
  ~Programs();

  using Question = std::function<std::string(std::size_t i)>;
  // The line lives until the call returns; `why` says why there is none.
  using Answer = std::function<void(std::size_t i, std::string_view line, const std::string& why)>;
  // Returns when each of `count` questions has its answer.
  void ask(std::size_t count, const Question& question, const Answer& answer);

 private:
  std::vector<std::string> command_;
  std::filesystem::path folder_;
  std::size_t workers_;
  std::chrono::nanoseconds timeout_;
  std::mutex mutex_;  // guards the two below
  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<ProgramPool> pool_;  // goes before its loop
};

}  // namespace llmops
