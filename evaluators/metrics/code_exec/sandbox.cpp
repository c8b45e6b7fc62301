// What holds a program back, and by what:
//   network, other processes, users, IPC, host name: new namespaces; no capability, no new user
//   namespace inside;
//   files: / is an empty read-only tmpfs with /usr of this machine read-only in it; /work, /tmp and
//   /dev/shm are tmpfs of a limited size;
//   time, output, memory of all processes together: this program watches, and kills;
//   processor time, address space, file sizes, open files, processes: rlimits, set inside, where
//   the program cannot raise them. The limit on processes does not bind root, so root first becomes
//   another user.
// Killing bwrap kills the first process of the PID namespace, and the kernel then kills all others.
#include "evaluators/metrics/code_exec/sandbox.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

#include "evaluators/metrics/code_exec/process_tree.h"

namespace llmops {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kProgramFd = 10, kStatusFd = 11;   // as bwrap sees them
constexpr std::chrono::milliseconds kWatch{20};  // how often memory is looked at

class Fd {
 public:
  explicit Fd(int fd = -1) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { close(); }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  int get() const { return fd_; }
  bool open() const { return fd_ >= 0; }

 private:
  int fd_;
};

// Above every number that the child's descriptors get, so that none overwrites another.
Fd moved_up(int fd) {
  constexpr int kAbove = 64;
  const Fd low(fd);
  return Fd(fd < 0 ? -1 : ::fcntl(fd, F_DUPFD_CLOEXEC, kAbove));
}

struct Pipe {
  Fd read = Fd(), write = Fd();
};

Pipe make_pipe() {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) return {Fd(), Fd()};
  return {moved_up(ends[0]), moved_up(ends[1])};
}

Fd memory_file(std::string_view content) {
  Fd file = moved_up(::memfd_create("program", MFD_CLOEXEC));
  while (file.open() && !content.empty()) {
    const ssize_t written = ::write(file.get(), content.data(), content.size());
    if (written <= 0) return Fd();
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  if (file.open()) ::lseek(file.get(), 0, SEEK_SET);
  return file;
}

std::vector<std::string> whole_command(const std::vector<std::string>& command,
                                       std::string_view name, const SandboxLimits& limits) {
  std::vector<std::string> all;
  const auto add = [&](std::initializer_list<std::string> words) {
    all.insert(all.end(), words.begin(), words.end());
  };
  const std::string disk = std::to_string(limits.disk_bytes);
  if (::geteuid() == 0) {
    // One of those that systemd gives to services for as long as they run: nobody's.
    constexpr int kFirst = 61184, kCount = 4000;
    static std::atomic<int> next{0};
    const std::string user = std::to_string(kFirst + (::getpid() + next.fetch_add(1)) % kCount);
    add({"setpriv", "--reuid=" + user, "--regid=" + user, "--clear-groups", "--"});
  }
  add({"bwrap",
       "--unshare-user",
       "--unshare-ipc",
       "--unshare-pid",
       "--unshare-net",
       "--unshare-uts",
       "--unshare-cgroup-try",
       "--disable-userns",
       "--die-with-parent",
       "--new-session",
       "--cap-drop",
       "ALL",
       "--uid",
       "65534",
       "--gid",
       "65534",
       "--hostname",
       "sandbox",
       "--clearenv",
       "--setenv",
       "PATH",
       "/usr/bin:/bin",
       "--setenv",
       "HOME",
       "/work",
       "--setenv",
       "LANG",
       "C.UTF-8",
       "--ro-bind",
       "/usr",
       "/usr",
       "--symlink",
       "usr/bin",
       "/bin",
       "--symlink",
       "usr/lib",
       "/lib",
       "--symlink",
       "usr/lib64",
       "/lib64",
       "--symlink",
       "usr/sbin",
       "/sbin",
       "--ro-bind-try",
       "/etc/alternatives",
       "/etc/alternatives",
       "--proc",
       "/proc",
       "--dev",
       "/dev",
       "--size",
       disk,
       "--tmpfs",
       "/dev/shm",
       "--size",
       disk,
       "--tmpfs",
       "/tmp",
       "--size",
       disk,
       "--tmpfs",
       "/work"});
  add({"--file", std::to_string(kProgramFd), "/work/" + std::string(name), "--remount-ro", "/dev",
       "--remount-ro", "/", "--chdir", "/work", "--json-status-fd", std::to_string(kStatusFd),
       "--"});
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(limits.time).count();
  add({"prlimit", fmt::format("--nproc={0}:{0}", limits.processes),
       fmt::format("--as={0}:{0}", limits.memory_bytes),
       fmt::format("--cpu={}:{}", seconds, seconds + 1),
       fmt::format("--fsize={0}:{0}", limits.disk_bytes), "--nofile=128:128", "--core=0:0", "--"});
  all.insert(all.end(), command.begin(), command.end());
  return all;
}

struct Started {
  pid_t pid = -1;
  Fd out = Fd(), err = Fd(), status = Fd();
  std::string why;
};

Started start(const std::vector<std::string>& command, std::string_view content) {
  Started started;
  Pipe out = make_pipe(), err = make_pipe(), status = make_pipe();
  const Fd program = memory_file(content);
  if (!out.write.open() || !err.write.open() || !status.write.open() || !program.open()) {
    started.why = fmt::format("no file descriptors: {}", std::strerror(errno));
    return started;
  }
  std::vector<char*> words;
  for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, out.write.get(), 1);
  ::posix_spawn_file_actions_adddup2(&actions, err.write.get(), 2);
  ::posix_spawn_file_actions_adddup2(&actions, program.get(), kProgramFd);
  ::posix_spawn_file_actions_adddup2(&actions, status.write.get(), kStatusFd);
  ::posix_spawn_file_actions_addclosefrom_np(&actions, kStatusFd + 1);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  sigset_t none, all;
  ::sigemptyset(&none);
  ::sigfillset(&all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setpgroup(&attributes, 0);  // Ctrl-C is for this program
  ::posix_spawnattr_setflags(
      &attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  const int error =
      ::posix_spawnp(&started.pid, words[0], &actions, &attributes, words.data(), environ);
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    started.pid = -1;
    started.why = fmt::format("{}: {}", command.front(), std::strerror(error));
    return started;
  }
  started.out = std::move(out.read);
  started.err = std::move(err.read);
  started.status = std::move(status.read);
  return started;
}

// Reads what is there. False: the text is longer than `most`.
bool read_some(Fd& fd, std::string& text, std::uint64_t most) {
  std::array<char, 1 << 16> buffer;
  const ssize_t count = ::read(fd.get(), buffer.data(), buffer.size());
  if (count < 0 && errno == EINTR) return true;
  if (count <= 0) {
    fd.close();
    return true;
  }
  const std::size_t room = most - std::min<std::uint64_t>(most, text.size());
  text.append(buffer.data(), std::min(room, static_cast<std::size_t>(count)));
  return static_cast<std::size_t>(count) <= room;
}

// Waits for the end of the program or of its patience. The pipes end with the last process.
SandboxRun::End watch(Started& started, SandboxRun& run, std::string& status,
                      const SandboxLimits& limits) {
  using End = SandboxRun::End;
  constexpr std::uint64_t kMostStatus = 4096;
  const Clock::time_point end = Clock::now() + limits.time;
  Clock::time_point look = Clock::now();  // at the memory
  while (started.out.open() || started.err.open() || started.status.open()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
    if (left.count() <= 0) return End::out_of_time;
    pollfd fds[] = {
        {started.out.get(),    POLLIN, 0},
        {started.err.get(),    POLLIN, 0},
        {started.status.get(), POLLIN, 0},
    };
    const int ready = ::poll(fds, std::size(fds), static_cast<int>(std::min(left, kWatch).count()));
    if (ready < 0 && errno != EINTR) return End::not_started;
    if (fds[0].revents != 0 && !read_some(started.out, run.out, limits.output_bytes))
      return End::too_much_output;
    if (fds[1].revents != 0 && !read_some(started.err, run.err, limits.output_bytes))
      return End::too_much_output;
    if (fds[2].revents != 0) read_some(started.status, status, kMostStatus);
    if (Clock::now() < look) continue;
    look = Clock::now() + kWatch;
    if (tree_memory(started.pid) > limits.memory_bytes) return End::too_much_memory;
  }
  return End::exited;
}

// Until the killed processes have let go of the pipes.
void drain(Started& started) {
  constexpr std::chrono::seconds kMost{10};
  const Clock::time_point end = Clock::now() + kMost;
  std::string ignored;
  while ((started.out.open() || started.err.open()) && Clock::now() < end) {
    pollfd fds[] = {
        {started.out.get(), POLLIN, 0},
        {started.err.get(), POLLIN, 0},
    };
    if (::poll(fds, std::size(fds), static_cast<int>(kWatch.count())) < 0 && errno != EINTR) return;
    if (fds[0].revents != 0) read_some(started.out, ignored, 0);
    if (fds[1].revents != 0) read_some(started.err, ignored, 0);
  }
}

int wait_for(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

}  // namespace

SandboxRun run_sandboxed(const std::vector<std::string>& command, std::string_view name,
                         std::string_view content, const SandboxLimits& limits) {
  SandboxRun run;
  Started started = start(whole_command(command, name, limits), content);
  if (started.pid < 0) {
    run.why = started.why;
    return run;
  }
  std::string status;
  run.end = watch(started, run, status, limits);
  if (run.end != SandboxRun::End::exited) {
    ::kill(started.pid, SIGKILL);
    drain(started);
  }
  const int how = wait_for(started.pid);
  // bwrap tells on this pipe that its child runs, and how it ended.
  const bool ran = status.find("child-pid") != std::string::npos;
  if (!ran) {
    const bool late = run.end == SandboxRun::End::out_of_time;
    run.end = SandboxRun::End::not_started;
    run.why = !run.err.empty() ? run.err.substr(0, run.err.find('\n'))
              : late           ? "the sandbox did not start in time"
                               : "the sandbox ended before the program started";
    return run;
  }
  if (run.end == SandboxRun::End::exited) {
    run.exit_code = WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how);
    if (run.exit_code > 128) run.end = SandboxRun::End::killed;
  }
  return run;
}

const std::optional<std::string>& sandbox_problem() {
  static const std::optional<std::string> problem = []() -> std::optional<std::string> {
    const SandboxRun run = run_sandboxed({"true"}, "nothing", "", SandboxLimits{});
    if (run.end == SandboxRun::End::exited && run.exit_code == 0) return std::nullopt;
    if (!run.why.empty()) return run.why;
    return fmt::format("a program that does nothing ended with exit code {}", run.exit_code);
  }();
  return problem;
}

}  // namespace llmops
