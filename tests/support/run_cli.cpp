#include "tests/support/run_cli.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <stdexcept>

namespace llmops::test {
namespace {

using Clock = std::chrono::steady_clock;

struct Pipe {
  std::array<int, 2> ends{-1, -1};
  Pipe() {
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("cannot make a pipe");
  }
  ~Pipe() {
    close_end(0);
    close_end(1);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  void close_end(std::size_t which) {
    if (ends[which] >= 0) ::close(ends[which]);
    ends[which] = -1;
  }
};

std::vector<std::string> environment_of(const CliOptions& options) {
  const std::string binaries = std::filesystem::path(LLMOPS_BINARY).parent_path().string();
  const char* path = std::getenv("PATH");
  std::map<std::string, std::string> all = {
      {"PATH",     binaries + ":" + (path == nullptr ? "/usr/bin:/bin" : path)},
      {"HOME",     options.folder.string()                                    },
      {"LANG",     "C.UTF-8"                                                  },
      {"TZ",       "UTC"                                                      },
      {"NO_COLOR", "1"                                                        },
  };
  for (const char* kept : {"ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LLVM_PROFILE_FILE"})
    if (const char* value = std::getenv(kept)) all[kept] = value;
  for (const auto& entry : options.environment) all[entry.first] = entry.second;
  std::vector<std::string> lines;
  for (const auto& entry : all)
    if (!entry.second.empty()) lines.push_back(entry.first + "=" + entry.second);
  return lines;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

[[noreturn]] void become(std::vector<std::string> command, const CliOptions& options, Pipe& in,
                         Pipe& out, Pipe& err, std::vector<std::string> environment) {
  ::setpgid(0, 0);  // its children end with it at the time limit
  ::dup2(in.ends[0], 0);
  ::dup2(out.ends[1], 1);
  ::dup2(err.ends[1], 2);
  if (::chdir(options.folder.c_str()) != 0) ::_exit(126);
  const std::vector<char*> variables = pointers(environment);
  ::execvpe(command[0].c_str(), pointers(command).data(), variables.data());
  ::_exit(127);
}

// Moves bytes both ways until both outputs are closed or the time is over.
void talk(Pipe& in, Pipe& out, Pipe& err, const CliOptions& options, Clock::time_point start,
          pid_t child, CliRun& run) {
  const std::string& input = options.input;
  const Clock::time_point end = start + options.limit;
  std::size_t signals_sent = 0;
  ::fcntl(in.ends[1], F_SETFL, O_NONBLOCK);
  std::size_t sent = 0;
  if (input.empty()) in.close_end(1);
  while (out.ends[0] >= 0 || err.ends[0] >= 0) {
    auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
    if (left <= 0) {
      run.timed_out = true;
      return;
    }
    if (signals_sent < options.signals.size()) {
      const CliOptions::Signal& next = options.signals[signals_sent];
      const auto until = start + next.after - Clock::now();
      if (until.count() <= 0) {
        run.signalled.push_back(Clock::now());
        ::kill(child, next.number);
        ++signals_sent;
        continue;
      }
      left = std::min(left, std::chrono::ceil<std::chrono::milliseconds>(until).count());
    }
    std::array<pollfd, 3> waits{
        {{out.ends[0], POLLIN, 0}, {err.ends[0], POLLIN, 0}, {in.ends[1], POLLOUT, 0}}
    };
    ::poll(waits.data(), waits.size(), static_cast<int>(left));
    const auto take = [](Pipe& pipe, std::string& text) {
      std::array<char, 65536> block{};
      const ssize_t got = ::read(pipe.ends[0], block.data(), block.size());
      if (got > 0)
        text.append(block.data(), static_cast<std::size_t>(got));
      else if (got == 0 || errno != EINTR)
        pipe.close_end(0);
    };
    if (waits[0].revents != 0) take(out, run.out);
    if (waits[1].revents != 0) take(err, run.err);
    if (waits[2].revents != 0) {
      const ssize_t put = ::write(in.ends[1], input.data() + sent, input.size() - sent);
      if (put > 0) sent += static_cast<std::size_t>(put);
      if (sent == input.size() || (put < 0 && errno != EAGAIN && errno != EINTR)) in.close_end(1);
    }
  }
}

}  // namespace

CliRun run_program(const std::vector<std::string>& command, const CliOptions& options) {
  if (options.folder.empty()) throw std::logic_error("run_program: no working directory");
  ::signal(SIGPIPE, SIG_IGN);  // a program that ends before it has read everything
  Pipe in;
  Pipe out;
  Pipe err;
  const std::vector<std::string> environment = environment_of(options);
  const Clock::time_point start = Clock::now();
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("cannot start a process");
  if (child == 0) {
    ::signal(SIGPIPE, SIG_DFL);
    become(command, options, in, out, err, environment);
  }
  in.close_end(0);
  out.close_end(1);
  err.close_end(1);
  CliRun run;
  talk(in, out, err, options, start, child, run);
  if (run.timed_out) ::kill(-child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  run.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return run;
}

CliRun run_cli(const std::vector<std::string>& arguments, const CliOptions& options) {
  std::vector<std::string> command = {LLMOPS_BINARY};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return run_program(command, options);
}

}  // namespace llmops::test
