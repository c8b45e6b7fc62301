#include "tests/support/loopback_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <mutex>
#include <queue>
#include <stdexcept>
#include <thread>

namespace llmops::test {
namespace {

using Clock = std::chrono::steady_clock;

struct Connection {
  int fd = -1;
  std::uint32_t generation = 0;
  std::int64_t number = 0;
  std::string in;
  std::string out;  // what the socket would not take yet
  Reply reply;
  std::size_t step = 0;
  std::int64_t request = -1;
  bool want_write = false;
};

struct Due {
  Clock::time_point when;
  int fd;
  std::uint32_t generation;
  bool operator<(const Due& other) const { return when > other.when; }  // earliest on top
};

std::string header_of(std::string_view head, std::string_view name) {
  std::size_t at = head.find("\r\n");
  while (at != std::string_view::npos && at + 2 < head.size()) {
    const std::size_t start = at + 2;
    at = head.find("\r\n", start);
    const std::string_view line = head.substr(start, at - start);
    if (line.size() <= name.size() || line[name.size()] != ':') continue;
    if (::strncasecmp(line.data(), name.data(), name.size()) != 0) continue;
    const std::size_t value = line.find_first_not_of(" \t", name.size() + 1);
    return value == std::string_view::npos ? "" : std::string(line.substr(value));
  }
  return "";
}

}  // namespace

std::string Received::header(std::string_view name) const { return header_of(head, name); }

struct LoopbackServer::State {
  Script script;
  Options options;
  int port = 0;
  int listener = -1, epoll = -1, wake = -1;
  std::vector<Connection> connections;  // by file descriptor
  std::priority_queue<Due> due;
  std::atomic<std::int64_t> requests{0}, accepted{0}, most{0};
  std::int64_t under_way = 0;
  std::atomic<bool> stop{false};
  mutable std::mutex mutex;
  std::vector<Received> log;                           // under mutex
  std::vector<std::vector<Clock::time_point>> stamps;  // under mutex
  std::thread thread;

  void listen();
  void run();
  void accept_all();
  void read(Connection& c);
  bool take_request(Connection& c);
  void play(Connection& c);
  bool flush(Connection& c);
  void want(Connection& c, bool write);
  void close(Connection& c, bool reset);
};

void LoopbackServer::State::listen() {
  listener = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(options.port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener, generic, size) != 0 || ::listen(listener, 4096) != 0 ||
      ::getsockname(listener, generic, &size) != 0)
    throw std::runtime_error("the loopback server cannot listen");
  port = ntohs(address.sin_port);
  epoll = ::epoll_create1(EPOLL_CLOEXEC);
  wake = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  for (const int fd : {listener, wake}) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
  }
}

void LoopbackServer::State::accept_all() {
  for (;;) {
    const int fd = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const auto index = static_cast<std::size_t>(fd);
    if (index >= connections.size()) connections.resize(index + 1);
    Connection& c = connections[index];
    const std::uint32_t generation = c.generation + 1;
    c = Connection();
    c.fd = fd;
    c.generation = generation;
    c.number = accepted++;
    if (!options.greeting.empty()) {
      c.out = options.greeting;
      flush(c);
    }
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
  }
}

void LoopbackServer::State::close(Connection& c, bool reset) {
  if (c.fd < 0) return;
  if (reset) {
    const linger hard{1, 0};
    ::setsockopt(c.fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  }
  if (c.reply) --under_way;
  ::close(c.fd);
  c.fd = -1;
  ++c.generation;
  c.reply.reset();
  c.in.clear();
  c.out.clear();
}

void LoopbackServer::State::want(Connection& c, bool write) {
  if (c.want_write == write) return;
  c.want_write = write;
  epoll_event event{};
  event.events = EPOLLIN | (write ? EPOLLOUT : 0U);
  event.data.fd = c.fd;
  ::epoll_ctl(epoll, EPOLL_CTL_MOD, c.fd, &event);
}

// False where the socket takes no more, or is gone.
bool LoopbackServer::State::flush(Connection& c) {
  while (!c.out.empty()) {
    const ssize_t written = ::send(c.fd, c.out.data(), c.out.size(), MSG_NOSIGNAL);
    if (written < 0) {
      if (errno == EAGAIN)
        want(c, true);
      else
        close(c, false);
      return false;
    }
    c.out.erase(0, static_cast<std::size_t>(written));
  }
  want(c, false);
  return true;
}

void LoopbackServer::State::play(Connection& c) {
  while (c.fd >= 0 && c.reply) {
    if (c.step == c.reply->size()) {
      if (!flush(c)) return;
      c.reply.reset();
      --under_way;
      if (!take_request(c)) return;
      continue;
    }
    const Step& step = (*c.reply)[c.step];
    if (step.action == Step::Action::stall) {
      flush(c);
      return;
    }
    if (step.action != Step::Action::send) {
      flush(c);
      return close(c, step.action == Step::Action::reset);
    }
    c.out += step.bytes;
    if (options.stamp_sends && c.request >= 0) {
      const std::lock_guard lock(mutex);
      auto& times = stamps[static_cast<std::size_t>(c.request)];
      times.resize(c.step + 1);
      times[c.step] = Clock::now();
    }
    ++c.step;
    // Steps without a delay leave together, as a server's writes do when it has all at hand.
    const bool more = c.step < c.reply->size();
    const auto delay = more ? (*c.reply)[c.step].delay : std::chrono::nanoseconds(0);
    if (more && delay.count() == 0) continue;
    if (!flush(c) && c.fd < 0) return;
    if (more) {
      due.push({Clock::now() + delay, c.fd, c.generation});
      return;
    }
  }
}

// Starts the answer to the next complete request of the buffer.
bool LoopbackServer::State::take_request(Connection& c) {
  const std::size_t end = c.in.find("\r\n\r\n");
  if (end == std::string::npos) return false;
  Received got;
  got.head = c.in.substr(0, end + 2);
  std::size_t length = 0;
  const std::string given = header_of(got.head, "content-length");
  std::from_chars(given.data(), given.data() + given.size(), length);
  if (c.in.size() < end + 4 + length) return false;
  got.body = c.in.substr(end + 4, length);
  c.in.erase(0, end + 4 + length);
  const std::size_t blank = got.head.find(' ');
  got.method = got.head.substr(0, blank);
  got.path = got.head.substr(blank + 1, got.head.find(' ', blank + 1) - blank - 1);
  got.number = requests++;
  got.connection = c.number;
  got.at = Clock::now();
  ++under_way;
  most = std::max(most.load(), under_way);
  c.request = got.number;
  c.reply = script(got);
  c.step = 0;
  {
    const std::lock_guard lock(mutex);
    if (options.stamp_sends) stamps.emplace_back();
    if (options.keep_log) log.push_back(std::move(got));
  }
  if (!c.reply) {  // a script may answer nothing at all
    --under_way;
    close(c, false);
    return false;
  }
  const auto delay = c.reply->empty() ? std::chrono::nanoseconds(0) : c.reply->front().delay;
  if (delay.count() > 0) {
    due.push({Clock::now() + delay, c.fd, c.generation});
    return false;
  }
  return true;
}

void LoopbackServer::State::read(Connection& c) {
  char buffer[65536];
  for (;;) {
    const ssize_t got = ::recv(c.fd, buffer, sizeof buffer, 0);
    if (got == 0 || (got < 0 && errno != EAGAIN)) return close(c, false);
    if (got < 0) break;
    c.in.append(buffer, static_cast<std::size_t>(got));
    if (static_cast<std::size_t>(got) < sizeof buffer) break;
  }
  if (!c.reply && take_request(c)) play(c);
}

void LoopbackServer::State::run() {
  std::vector<epoll_event> events(1024);
  while (!stop) {
    int wait = 1000;
    if (!due.empty()) {
      const auto until = due.top().when - Clock::now();
      wait = static_cast<int>(
          std::max<std::int64_t>(0, std::chrono::ceil<std::chrono::milliseconds>(until).count()));
      if (until < std::chrono::milliseconds(1) && until.count() > 0) wait = 0;
    }
    const int count = ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), wait);
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      if (event.data.fd == wake) continue;
      if (event.data.fd == listener) {
        accept_all();
        continue;
      }
      Connection& c = connections[static_cast<std::size_t>(event.data.fd)];
      if (c.fd < 0) continue;
      if ((event.events & EPOLLOUT) != 0 && flush(c) && c.reply && c.step == c.reply->size())
        play(c);
      if (c.fd >= 0 && (event.events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) read(c);
    }
    const auto now = Clock::now();
    while (!due.empty() && due.top().when <= now) {
      const Due next = due.top();
      due.pop();
      Connection& c = connections[static_cast<std::size_t>(next.fd)];
      if (c.fd == next.fd && c.generation == next.generation) play(c);
    }
  }
}

LoopbackServer::LoopbackServer(Script script) : LoopbackServer(std::move(script), Options()) {}

LoopbackServer::LoopbackServer(Script script, Options options) : state_(std::make_unique<State>()) {
  state_->script = std::move(script);
  state_->options = std::move(options);
  state_->listen();
  state_->thread = std::thread([this] { state_->run(); });
}

LoopbackServer::~LoopbackServer() {
  state_->stop = true;
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(state_->wake, &one, sizeof one);
  state_->thread.join();
  for (Connection& c : state_->connections) state_->close(c, false);
  for (const int fd : {state_->listener, state_->epoll, state_->wake}) ::close(fd);
}

int LoopbackServer::port() const { return state_->port; }
std::string LoopbackServer::url() const {
  return "http://127.0.0.1:" + std::to_string(state_->port);
}
std::int64_t LoopbackServer::requests() const { return state_->requests; }
std::int64_t LoopbackServer::connections() const { return state_->accepted; }
std::int64_t LoopbackServer::most_at_once() const { return state_->most; }

std::vector<Received> LoopbackServer::log() const {
  const std::lock_guard lock(state_->mutex);
  return state_->log;
}

std::chrono::nanoseconds LoopbackServer::cpu_time() const {
  clockid_t clock{};
  timespec used{};
  if (::pthread_getcpuclockid(state_->thread.native_handle(), &clock) != 0 ||
      ::clock_gettime(clock, &used) != 0)
    return std::chrono::nanoseconds(0);
  return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

std::optional<Clock::time_point> LoopbackServer::sent(std::int64_t request,
                                                      std::size_t step) const {
  const std::lock_guard lock(state_->mutex);
  const auto index = static_cast<std::size_t>(request);
  if (index >= state_->stamps.size() || step >= state_->stamps[index].size()) return std::nullopt;
  return state_->stamps[index][step];
}

}  // namespace llmops::test
