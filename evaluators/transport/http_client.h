#pragma once
// HTTP over libcurl's multi socket interface, driven by the event loop. One client holds one pool
// of connections (HTTP/1.1 keep-alive, HTTP/2 where TLS offers it), one DNS cache, one store of TLS
// sessions.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "evaluators/sample.h"
#include "evaluators/timeline.h"

namespace llmops {

class EventLoop;

// Header lines "Name: value", made once and shared by all calls that send them. May hold secrets:
// never shown.
class HttpHeaders {
 public:
  explicit HttpHeaders(const std::vector<std::string>& lines);
  ~HttpHeaders();
  HttpHeaders(const HttpHeaders&) = delete;
  HttpHeaders& operator=(const HttpHeaders&) = delete;
  void* list() const { return list_; }

 private:
  void* list_ = nullptr;  // curl_slist
};

struct HttpRequest {
  std::string method = "POST";  // POST, or GET without a body
  std::string url;
  std::shared_ptr<const HttpHeaders> headers;
  std::string body;
  std::chrono::nanoseconds connect_timeout =
      std::chrono::seconds(5);                     // resolve, connect and TLS together
  std::size_t most_bytes = std::size_t{64} << 20;  // of the answer's body
};

// Status line and headers of an answer.
class HttpHead {
 public:
  int status = 0;
  // First value of that name in any case, blanks around it cut off.
  std::optional<std::string_view> header(std::string_view name) const;
  // The media type in lower case, without parameters: "text/event-stream".
  std::string content_type() const;

  void clear();
  void add(std::string_view line);

 private:
  std::string lines_;
};

class HttpCall;

// Whoever wants the answer. All on the loop's thread; any of these may start calls and end this
// one.
class HttpHandler {
 public:
  virtual ~HttpHandler() = default;
  // Some bytes of the body, as they came; `at`: when they were read. call.head() is complete by
  // then.
  virtual void on_data(HttpCall& call, std::string_view bytes, Clock::time_point at) = 0;
  // Exactly once, at the end. No error: the answer is complete (whatever its status). The call is
  // gone afterwards.
  virtual void on_end(HttpCall& call, const CallError& error) = 0;
};

class HttpCall {
 public:
  HttpCall() = default;
  HttpCall(const HttpCall&) = delete;
  HttpCall& operator=(const HttpCall&) = delete;

  const HttpHead& head() const { return head_; }
  std::optional<Clock::time_point> sent() const {
    return sent_;
  }  // request handed to the connection
  std::optional<Clock::time_point> head_at() const { return head_at_; }  // end of the headers read

  // When the call ends by itself, and as what. A later deadline costs a store; there is one at a
  // time.
  void deadline(Clock::time_point when, ErrorClass kind, std::string_view what);
  // Ends the call now, or right after the handler returns; on_end gets `error`.
  void end(CallError error);

 private:
  friend class HttpClient;
  struct Transfer;
  class HttpClient* client_ = nullptr;
  std::unique_ptr<Transfer> transfer_;
  HttpHead head_;
  std::optional<Clock::time_point> sent_, head_at_;
};

class HttpClient {
 public:
  // Makes SIGPIPE ignored where nobody has set it: libcurl needs that for TLS.
  explicit HttpClient(EventLoop& loop);
  ~HttpClient();  // ends every call with ErrorClass::cancelled
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // The call lives until its on_end returns. on_end is never called from within start().
  HttpCall& start(HttpRequest request, std::unique_ptr<HttpHandler> handler);

  std::size_t active() const;
  std::int64_t connections_made() const;

 private:
  friend class HttpCall;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace llmops
