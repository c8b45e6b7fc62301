#pragma once
// A program that speaks in lines on stdin and stdout, run on the event loop.

#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace llmops {

class EventLoop;

class ChildProcess {
 public:
  struct Events {
    // A whole line of stdout, without its line break. The view lives until the call returns.
    std::function<void(std::string_view line)> on_line;
    // stdout has ended: the program is gone, or will be soon. `why`: "exit code 3: last words on
    // stderr".
    std::function<void(std::string why)> on_end;
  };

  // Starts `command` (program, looked up in PATH, and arguments) in `folder`, as the leader of a
  // process group of its own. Throws std::runtime_error where it cannot be started.
  ChildProcess(EventLoop& loop, const std::vector<std::string>& command,
               const std::filesystem::path& folder, std::size_t longest_line, Events events);
  // Kills it with all its children.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // Queues bytes for its stdin; never blocks.
  void write(std::string_view bytes);
  // SIGKILL to the whole group; no event comes any more.
  void kill();
  pid_t pid() const { return pid_; }

 private:
  void on_stdin();
  void on_stdout();
  void on_stderr();
  void end(std::string why);
  std::string exit_text();

  EventLoop& loop_;
  Events events_;
  std::size_t longest_line_;
  pid_t pid_ = -1;
  int stdin_ = -1, stdout_ = -1, stderr_ = -1;
  std::string out_;         // for its stdin
  std::string line_;        // of its stdout, unfinished
  std::string last_words_;  // end of its stderr
};

}  // namespace llmops
