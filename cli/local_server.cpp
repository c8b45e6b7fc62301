#include "cli/local_server.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <stdexcept>

namespace llmops {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMostHead = 16 * 1024;
constexpr std::size_t kMostConnections = 64;
constexpr auto kPatience = 30s;  // with a connection that says or takes nothing
constexpr int kTick = 200;       // ms between looks at Ctrl-C

std::string new_token() {
  std::array<unsigned char, 16> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    throw std::runtime_error("no random bytes for the token");
  std::string token;
  for (const unsigned char byte : bytes) token += fmt::format("{:02x}", byte);
  return token;
}

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// %41 -> A; nullopt where an escape is broken or stands for a control character.
std::optional<std::string> decoded(std::string_view text, bool plus_is_blank) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      if (i + 2 >= text.size() || digit(text[i + 1]) < 0 || digit(text[i + 2]) < 0)
        return std::nullopt;
      c = static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
      i += 2;
    } else if (c == '+' && plus_is_blank) {
      c = ' ';
    }
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return std::nullopt;
    out += c;
  }
  return out;
}

// Takes the text up to `mark` (or all of it) from the front.
std::string_view take_until(std::string_view& text, std::string_view mark) {
  const std::size_t end = std::min(text.find(mark), text.size());
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(end + mark.size(), text.size()));
  return part;
}

bool read_path(std::string_view path, LocalRequest& request) {
  if (!path.starts_with('/')) return false;
  path.remove_prefix(1);
  for (bool last = false; !last;) {
    last = path.find('/') == std::string_view::npos;
    const std::optional<std::string> segment = decoded(take_until(path, "/"), false);
    if (!segment || *segment == "." || *segment == ".." ||
        segment->find('/') != std::string::npos || segment->find('\\') != std::string::npos)
      return false;
    request.segments.push_back(*segment);
  }
  return true;
}

bool read_query(std::string_view query, LocalRequest& request) {
  while (!query.empty()) {
    std::string_view pair = take_until(query, "&");
    const std::optional<std::string> name = decoded(take_until(pair, "="), true);
    const std::optional<std::string> value = decoded(pair, true);
    if (!name || !value) return false;
    request.query.emplace_back(*name, *value);
  }
  return true;
}

bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) ==
           std::tolower(static_cast<unsigned char>(y));
  });
}

// As long for a wrong token as for a right one.
bool same_secret(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    difference |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]);
  return difference == 0;
}

std::string_view reason(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    default:
      return "Internal Server Error";
  }
}

std::string message(const LocalReply& reply, bool head_only) {
  return fmt::format(
             "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n"
             "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
             "Referrer-Policy: no-referrer\r\nCross-Origin-Resource-Policy: same-origin\r\n"
             "Cross-Origin-Opener-Policy: same-origin\r\nX-Frame-Options: DENY\r\n"
             "Content-Security-Policy: frame-ancestors 'none'\r\n\r\n",
             reply.status, reason(reply.status), reply.type, reply.body.size()) +
         (head_only ? "" : reply.body);
}

LocalReply refused(int status, std::string why) {
  return {status, std::move(why) + "\n", "text/plain; charset=utf-8"};
}

}  // namespace

std::string LocalRequest::value(std::string_view name) const {
  for (const auto& [key, value] : query)
    if (key == name) return value;
  return "";
}

std::optional<LocalRequest> parse_local_request(std::string_view head) {
  LocalRequest request;
  std::string_view line = take_until(head, "\r\n");
  const std::string_view method = take_until(line, " ");
  std::string_view target = take_until(line, " ");
  if (method != "GET" && method != "HEAD") return std::nullopt;
  if (!line.starts_with("HTTP/1.")) return std::nullopt;
  request.head_only = method == "HEAD";
  const std::string_view path = take_until(target, "?");
  if (!read_path(path, request) || !read_query(target, request)) return std::nullopt;
  bool named = false;
  while (!head.empty()) {
    std::string_view value = take_until(head, "\r\n");
    const std::string_view name = take_until(value, ":");
    if (!same_name(name, "host")) continue;
    if (named) return std::nullopt;
    named = true;
    const std::size_t from = value.find_first_not_of(" \t");
    const std::size_t to = value.find_last_not_of(" \t");
    if (from != std::string_view::npos) request.host = value.substr(from, to - from + 1);
  }
  return request;
}

struct LocalServer::Connection {
  int descriptor = -1;
  std::string in, out;
  std::size_t sent = 0;
  std::chrono::steady_clock::time_point last;
  bool done = false;
};

LocalServer::LocalServer(Handler handler) : handler_(std::move(handler)), token_(new_token()) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const where = reinterpret_cast<sockaddr*>(&address);
  if (listener_ < 0 || ::bind(listener_, where, size) != 0 ||
      ::listen(listener_, static_cast<int>(kMostConnections)) != 0 ||
      ::getsockname(listener_, where, &size) != 0)
    throw std::runtime_error(fmt::format("127.0.0.1: cannot listen: {}", std::strerror(errno)));
  port_ = ntohs(address.sin_port);
}

LocalServer::~LocalServer() {
  for (const Connection& connection : connections_) ::close(connection.descriptor);
  if (listener_ >= 0) ::close(listener_);
}

std::string LocalServer::url() const {
  return fmt::format("http://127.0.0.1:{}/{}/", port_, token_);
}

// A page elsewhere that points a name of its own at this machine (DNS rebinding) sends that name as
// the host; one that guesses the port lacks the token.
LocalReply LocalServer::reply_to(std::string_view head, bool& head_only) const {
  std::optional<LocalRequest> request = parse_local_request(head);
  if (!request) return refused(400, "not understood");
  head_only = request->head_only;
  if (request->host != fmt::format("127.0.0.1:{}", port_) &&
      request->host != fmt::format("localhost:{}", port_))
    return refused(403, "another host");
  if (request->segments.size() < 2 || !same_secret(request->segments.front(), token_))
    return refused(404, "not found");
  request->segments.erase(request->segments.begin());
  try {
    return handler_(*request);
  } catch (const std::exception& problem) {
    return refused(500, problem.what());
  }
}

void LocalServer::accept_all() {
  for (;;) {
    const int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (descriptor < 0) return;
    if (connections_.size() >= kMostConnections) {
      ::close(descriptor);
      continue;
    }
    connections_.push_back(
        {.descriptor = descriptor, .in = {}, .out = {}, .last = std::chrono::steady_clock::now()});
  }
}

void LocalServer::read(Connection& connection) {
  std::array<char, 4096> buffer{};
  const ssize_t count = ::recv(connection.descriptor, buffer.data(), buffer.size(), 0);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) {
    connection.done = true;
    return;
  }
  connection.last = std::chrono::steady_clock::now();
  connection.in.append(buffer.data(), static_cast<std::size_t>(count));
  const std::size_t end = connection.in.find("\r\n\r\n");
  bool head_only = false;
  if (end != std::string::npos)
    connection.out =
        message(reply_to(std::string_view(connection.in).substr(0, end), head_only), head_only);
  else if (connection.in.size() > kMostHead)
    connection.out = message(refused(400, "too long"), false);
}

void LocalServer::write(Connection& connection) {
  const std::string_view rest = std::string_view(connection.out).substr(connection.sent);
  const ssize_t count = ::send(connection.descriptor, rest.data(), rest.size(), MSG_NOSIGNAL);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count < 0) {
    connection.done = true;
    return;
  }
  connection.last = std::chrono::steady_clock::now();
  connection.sent += static_cast<std::size_t>(count);
  if (connection.sent < connection.out.size()) return;
  ::shutdown(connection.descriptor, SHUT_WR);
  connection.done = true;
}

void LocalServer::run(const std::atomic<int>& stop) {
  while (stop == 0) {
    std::vector<pollfd> watched{
        {.fd = listener_, .events = POLLIN, .revents = 0}
    };
    for (const Connection& connection : connections_)
      watched.push_back({.fd = connection.descriptor,
                         .events = static_cast<short>(connection.out.empty() ? POLLIN : POLLOUT),
                         .revents = 0});
    if (::poll(watched.data(), watched.size(), kTick) < 0 && errno != EINTR)
      throw std::runtime_error(fmt::format("poll: {}", std::strerror(errno)));
    const auto now = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i + 1 < watched.size(); ++i) {
      Connection& connection = connections_[i];
      if (watched[i + 1].revents != 0) {
        if (connection.out.empty())
          read(connection);
        else
          write(connection);
      }
      if (now - connection.last > kPatience) connection.done = true;
    }
    std::erase_if(connections_, [](const Connection& connection) {
      if (connection.done) ::close(connection.descriptor);
      return connection.done;
    });
    if (watched.front().revents != 0) accept_all();
  }
}

}  // namespace llmops
