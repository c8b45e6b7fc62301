// One epoll loop: a connection is a request that comes in, then a stream whose next token is due.
#include "evaluators/load/echo_server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <map>
#include <stdexcept>
#include <thread>
#include <unordered_map>

namespace llmops {
namespace {

constexpr std::string_view kHead =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

std::string chunk(std::string_view data) {
  return fmt::format("{:x}\r\n{}\r\n", data.size(), data);
}

std::string event(std::string_view delta, std::string_view rest) {
  return fmt::format(
      "data: {{\"object\":\"chat.completion.chunk\",\"model\":\"self-test\",\"choices\":[{{"
      "\"index\":0,\"delta\":{}{}}}]}}\n\n",
      delta, rest);
}

std::string end_of(int tokens) {
  return chunk(event("{}", ",\"finish_reason\":\"stop\"")) +
         chunk(fmt::format("data: {{\"choices\":[],\"usage\":{{\"prompt_tokens\":1,"
                           "\"completion_tokens\":{}}}}}\n\ndata: [DONE]\n\n",
                           tokens)) +
         "0\r\n\r\n";
}

// Length of a whole request at the front of `text`; 0: more is to come.
std::size_t whole_request(std::string_view text) {
  const std::size_t head = text.find("\r\n\r\n");
  if (head == std::string_view::npos) return 0;
  std::size_t length = 0;
  const std::string_view name = "\r\nContent-Length:";
  if (const std::size_t at = text.substr(0, head).find(name); at != std::string_view::npos) {
    std::string_view digits = text.substr(at + name.size(), head - at - name.size());
    digits.remove_prefix(std::min(digits.find_first_not_of(' '), digits.size()));
    std::from_chars(digits.data(), digits.data() + digits.size(), length);
  }
  const std::size_t whole = head + 4 + length;
  return text.size() < whole ? 0 : whole;
}

}  // namespace

struct EchoServer::State {
  struct Connection {
    std::string in;
    int sent = 0;  // tokens of the present answer
  };

  explicit State(const EchoServerOptions& with) : options(with) {
    listener = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (listener < 0 || ::bind(listener, generic, size) != 0 || ::listen(listener, 4096) != 0 ||
        ::getsockname(listener, generic, &size) != 0)
      throw std::runtime_error("no server can be opened on 127.0.0.1");
    port = ntohs(address.sin_port);
    epoll = ::epoll_create1(EPOLL_CLOEXEC);
    wake = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    watch(listener);
    watch(wake);
    thread = std::thread([this] { serve(); });
  }
  ~State() {
    over = true;
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake, &one, sizeof one);
    thread.join();
    for (const auto& entry : connections) ::close(entry.first);
    for (const int fd : {listener, epoll, wake}) ::close(fd);
  }

  void watch(int fd) const {
    epoll_event what{};
    what.events = EPOLLIN;
    what.data.fd = fd;
    ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &what);
  }

  void serve() {
    epoll_event events[256];
    while (!over) {
      int wait_ms = 1000;
      if (!due.empty()) {
        const auto left = due.begin()->first - Clock::now();
        // Short waits are slept away here: epoll counts whole milliseconds.
        wait_ms =
            static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(left).count());
        if (wait_ms <= 0 && left.count() > 0) std::this_thread::sleep_for(left);
        wait_ms = std::max(0, wait_ms);
      }
      const int count = ::epoll_wait(epoll, events, 256, wait_ms);
      for (int i = 0; i < count; ++i) {
        if (events[i].data.fd == listener)
          accept_all();
        else if (events[i].data.fd != wake)
          read(events[i].data.fd);
      }
      while (!due.empty() && due.begin()->first <= Clock::now()) {
        const int fd = due.begin()->second;
        const Clock::time_point at = due.begin()->first;
        due.erase(due.begin());
        token(fd, at);
      }
    }
  }

  void accept_all() {
    for (;;) {
      const int fd = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) return;
      const int on = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      connections[fd] = {};
      watch(fd);
    }
  }

  void read(int fd) {
    char bytes[16384];
    Connection& connection = connections[fd];
    for (;;) {
      const ssize_t got = ::recv(fd, bytes, sizeof bytes, 0);
      if (got > 0) {
        connection.in.append(bytes, static_cast<std::size_t>(got));
        continue;
      }
      if (got < 0) break;  // no more for now, or an error that the next read shows again
      return close(fd);
    }
    const std::size_t whole = whole_request(connection.in);
    if (whole == 0) return;
    connection.in.erase(0, whole);
    connection.sent = 0;
    due.emplace(Clock::now() + options.first, fd);
  }

  void close(int fd) {
    std::erase_if(due, [&](const auto& entry) { return entry.second == fd; });
    connections.erase(fd);
    ::close(fd);
  }

  // A client that does not read its tokens is cut off: this server keeps no queue.
  void send(int fd, const std::string& bytes) {
    if (::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT) !=
        static_cast<ssize_t>(bytes.size()))
      close(fd);
  }

  void token(int fd, Clock::time_point at) {
    const auto found = connections.find(fd);
    if (found == connections.end()) return;
    Connection& connection = found->second;
    std::string bytes;
    if (connection.sent == 0)
      bytes = std::string(kHead) + chunk(event(R"({"role":"assistant","content":""})", ""));
    ++connection.sent;
    const bool last = connection.sent == options.tokens;
    if (!last) due.emplace(at + options.gap, fd);
    bytes += chunk(
        event(fmt::format("{{\"content\":\"{} \"}}", Clock::now().time_since_epoch().count()), ""));
    if (last) bytes += end_of(options.tokens);
    send(fd, bytes);
  }

  const EchoServerOptions options;
  int listener = -1, epoll = -1, wake = -1, port = 0;
  std::atomic<bool> over{false};
  std::unordered_map<int, Connection> connections;
  std::multimap<Clock::time_point, int> due;  // next token of a connection
  std::thread thread;
};

EchoServer::EchoServer(const EchoServerOptions& options)
    : state_(std::make_unique<State>(options)) {}
EchoServer::~EchoServer() = default;

std::string EchoServer::base_url() const {
  return fmt::format("http://127.0.0.1:{}/v1", state_->port);
}

std::optional<Clock::time_point> take_stamp(std::string_view& text) {
  Clock::rep count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(std::min(text.size(), static_cast<std::size_t>(end - text.data()) + 1));
  return Clock::time_point(Clock::duration(count));
}

}  // namespace llmops
