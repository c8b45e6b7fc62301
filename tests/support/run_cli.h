#pragma once
// The built program, as a user runs it.

#include <chrono>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace llmops::test {

struct CliOptions {
  std::filesystem::path folder;  // working directory; needed
  // Besides PATH, HOME (= folder), LANG=C.UTF-8, TZ=UTC and NO_COLOR=1; an empty value removes the
  // variable.
  std::vector<std::pair<std::string, std::string>> environment = {};
  std::string input = {};  // stdin; closed after it
  std::chrono::seconds limit{60};
  // Signals that it gets, each so long after its start.
  struct Signal {
    std::chrono::nanoseconds after{0};
    int number = 0;
  };
  std::vector<Signal> signals = {};  // in order of time
};

struct CliRun {
  int code = -1;           // exit code; 128 + the signal where one ended it
  bool timed_out = false;  // killed after `limit`
  std::string out, err;
  std::vector<std::chrono::steady_clock::time_point> signalled;  // when each signal was sent
};

// `llmops ARGUMENTS...`
CliRun run_cli(const std::vector<std::string>& arguments, const CliOptions& options);

// Any program by its path, or by name along PATH, where the built `llmops` comes first.
CliRun run_program(const std::vector<std::string>& command, const CliOptions& options);

}  // namespace llmops::test
