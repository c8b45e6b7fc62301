#pragma once
// A small HTTP server for one person's browser on this machine: loopback only, a port of the
// system's choice, a secret in every address. It reads no files: what it gives is what its handler
// makes.

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace llmops {

struct LocalRequest {
  bool head_only = false;             // HEAD
  std::string host;                   // as the browser named it
  std::vector<std::string> segments;  // of the path, decoded; "/a/b/" gives a, b and ""
  std::vector<std::pair<std::string, std::string>> query;
  std::string value(std::string_view name) const;  // of the query; "" where it is not there
};

struct LocalReply {
  int status = 200;
  std::string body;
  std::string type = "text/html; charset=utf-8";
};

// The head of a request up to its blank line. nullopt: no GET or HEAD that can be understood (no
// path from the root, a segment `.` or `..`, broken escapes, two hosts).
std::optional<LocalRequest> parse_local_request(std::string_view head);

class LocalServer {
 public:
  using Handler = std::function<LocalReply(const LocalRequest&)>;
  // Listens on 127.0.0.1 at once. Throws std::runtime_error where that is not possible.
  explicit LocalServer(Handler handler);
  ~LocalServer();
  LocalServer(const LocalServer&) = delete;
  LocalServer& operator=(const LocalServer&) = delete;

  std::string url() const;  // http://127.0.0.1:PORT/TOKEN/
  // Serves until `stop` is above 0. The handler sees requests for this host and token alone, the
  // token cut off; it is called by this thread.
  void run(const std::atomic<int>& stop);

 private:
  struct Connection;
  LocalReply reply_to(std::string_view head, bool& head_only) const;
  void accept_all();
  void read(Connection& connection);
  static void write(Connection& connection);

  Handler handler_;
  std::string token_;
  int port_ = 0;
  int listener_ = -1;
  std::vector<Connection> connections_;
};

}  // namespace llmops
