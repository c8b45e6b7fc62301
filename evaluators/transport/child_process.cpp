#include "evaluators/transport/child_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "datasets/text/utf8.h"
#include "evaluators/transport/event_loop.h"

extern char** environ;

namespace llmops {
namespace {

constexpr std::size_t kLastWords = 2000;  // bytes of stderr that are kept

struct Pipe {
  int read = -1, write = -1;
  Pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("cannot make a pipe");
    read = ends[0];
    write = ends[1];
  }
  ~Pipe() {
    if (read >= 0) ::close(read);
    if (write >= 0) ::close(write);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  static int take(int& end) {
    const int fd = end;
    end = -1;
    ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
    return fd;
  }
};

}  // namespace

ChildProcess::ChildProcess(EventLoop& loop, const std::vector<std::string>& command,
                           const std::filesystem::path& folder, std::size_t longest_line,
                           Events events)
    : loop_(loop), events_(std::move(events)), longest_line_(longest_line) {
  Pipe in, out, err;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in.read, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out.write, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err.write, STDERR_FILENO);
  if (!folder.empty()) posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  posix_spawnattr_setpgroup(&attributes, 0);
  sigset_t signals;
  sigemptyset(&signals);
  posix_spawnattr_setsigmask(&attributes, &signals);
  // A terminal's Ctrl-C goes to our group, not to this one: we end it ourselves.
  for (const int each : {SIGPIPE, SIGINT, SIGTERM}) sigaddset(&signals, each);
  posix_spawnattr_setsigdefault(&attributes, &signals);
  std::vector<char*> arguments;
  for (const std::string& each : command) arguments.push_back(const_cast<char*>(each.c_str()));
  arguments.push_back(nullptr);
  const int error =
      ::posix_spawnp(&pid_, arguments[0], &actions, &attributes, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (error != 0)
    throw std::runtime_error(
        fmt::format("cannot start `{}`: {}", command[0], std::strerror(error)));
  stdin_ = Pipe::take(in.write);
  stdout_ = Pipe::take(out.read);
  stderr_ = Pipe::take(err.read);
  loop_.watch(stdout_, EPOLLIN, [this](std::uint32_t) { on_stdout(); });
  loop_.watch(stderr_, EPOLLIN, [this](std::uint32_t) { on_stderr(); });
}

ChildProcess::~ChildProcess() { kill(); }

void ChildProcess::kill() {
  for (int* fd : {&stdin_, &stdout_, &stderr_}) {
    if (*fd < 0) continue;
    loop_.unwatch(*fd);
    ::close(*fd);
    *fd = -1;
  }
  if (pid_ <= 0) return;
  ::kill(-pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
}

void ChildProcess::write(std::string_view bytes) {
  if (stdin_ < 0) return;
  const bool idle = out_.empty();
  out_ += bytes;
  if (idle) on_stdin();
}

void ChildProcess::on_stdin() {
  while (!out_.empty()) {
    const ssize_t written = ::write(stdin_, out_.data(), out_.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EAGAIN)
      return loop_.watch(stdin_, EPOLLOUT, [this](std::uint32_t) { on_stdin(); });
    if (written < 0) {  // it reads no more; what it does next shows on stdout
      out_.clear();
      break;
    }
    out_.erase(0, static_cast<std::size_t>(written));
  }
  loop_.unwatch(stdin_);
}

void ChildProcess::on_stderr() {
  char buffer[4096];
  for (;;) {
    const ssize_t got = ::read(stderr_, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got > 0) {
      last_words_.append(buffer, static_cast<std::size_t>(got));
      if (last_words_.size() > 2 * kLastWords)
        last_words_.erase(0, last_words_.size() - kLastWords);
      continue;
    }
    if (got == 0) loop_.unwatch(stderr_);
    return;
  }
}

void ChildProcess::on_stdout() {
  char buffer[65536];
  const ssize_t got = ::read(stdout_, buffer, sizeof buffer);
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (got <= 0) return end(exit_text());
  std::string_view bytes(buffer, static_cast<std::size_t>(got));
  std::string whole;
  while (!bytes.empty() && stdout_ >= 0) {
    const std::size_t line_end = bytes.find('\n');
    if (line_end == std::string_view::npos) {
      line_ += bytes;
      if (line_.size() > longest_line_)
        return end(fmt::format("it wrote a line of more than {} bytes", longest_line_));
      return;
    }
    whole.swap(line_);
    line_.clear();
    whole += bytes.substr(0, line_end);
    bytes.remove_prefix(line_end + 1);
    if (!whole.empty() && whole.back() == '\r') whole.pop_back();
    events_.on_line(whole);
    whole.clear();
  }
}

// stdout is closed: waits a moment for the exit itself.
std::string ChildProcess::exit_text() {
  if (stderr_ >= 0) on_stderr();
  std::string text = "it closed its output";
  int status = 0;
  for (int tries = 0; tries < 50; ++tries) {
    const pid_t done = ::waitpid(pid_, &status, WNOHANG);
    if (done == pid_) {
      ::kill(-pid_, SIGKILL);  // children that it left behind
      pid_ = -1;
      text = WIFEXITED(status) ? fmt::format("exit code {}", WEXITSTATUS(status))
                               : fmt::format("ended by signal {}", WTERMSIG(status));
      break;
    }
    ::usleep(1000);
  }
  std::string words = repair_utf8(last_words_);
  while (!words.empty() && (words.back() == '\n' || words.back() == ' ')) words.pop_back();
  if (words.size() > 300) words = "..." + words.substr(words.size() - 300);
  if (!words.empty()) text += ": " + repair_utf8(words);
  return text;
}

void ChildProcess::end(std::string why) {
  kill();
  const auto tell = std::move(events_.on_end);
  if (tell) tell(std::move(why));
}

}  // namespace llmops
