#pragma once
// A model server within this program, for measuring the client itself: streams chat completions on
// 127.0.0.1 from a thread of its own. Each token's text is the time at which it was sent, so that
// the client's error is known token by token.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "evaluators/timeline.h"

namespace llmops {

struct EchoServerOptions {
  int tokens = 60;
  std::chrono::nanoseconds first{std::chrono::milliseconds(200)};  // from the request on
  std::chrono::nanoseconds gap{std::chrono::milliseconds(20)};
};

class EchoServer {
 public:
  // std::runtime_error where no socket can be opened.
  explicit EchoServer(const EchoServerOptions& options);
  ~EchoServer();
  EchoServer(const EchoServer&) = delete;
  EchoServer& operator=(const EchoServer&) = delete;

  std::string base_url() const;  // http://127.0.0.1:PORT/v1

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The time that a token of the server was sent at, off the front of a text; nullopt at its end.
std::optional<Clock::time_point> take_stamp(std::string_view& text);

}  // namespace llmops
