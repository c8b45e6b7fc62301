#pragma once
// An HTTP/1.1 server on 127.0.0.1, port of the system's choice, in a thread of the test. It says
// what a script tells it to, when the script tells it to: answers, streams, stalls, cuts, resets,
// nonsense. One epoll loop; thousands of connections.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace llmops::test {

// What the server does next on a connection, `delay` after the step before.
struct Step {
  enum class Action {
    send,   // write `bytes`
    close,  // end the connection (FIN)
    reset,  // end it with RST
    stall,  // say nothing more, keep it open
  };
  std::string bytes;
  std::chrono::nanoseconds delay{0};
  Action action = Action::send;
};

using Steps = std::vector<Step>;
// After the last step the connection waits for the next request.
using Reply = std::shared_ptr<const Steps>;

struct Received {
  std::string method, path;
  std::string head;  // request line and headers as they came
  std::string body;
  std::int64_t number = 0;      // of the request, from 0
  std::int64_t connection = 0;  // from 0
  std::chrono::steady_clock::time_point at;
  // Value of a header, any case; "" where there is none.
  std::string header(std::string_view name) const;
};

class LoopbackServer {
 public:
  // Called in the server's thread for each complete request.
  using Script = std::function<Reply(const Received&)>;
  struct Options {
    bool keep_log = true;
    bool stamp_sends = false;  // keeps the time of each step sent, see `sends`
    int port = 0;
    std::string greeting;  // sent to each new connection, before it has said anything
  };
  explicit LoopbackServer(Script script);
  LoopbackServer(Script script, Options options);
  ~LoopbackServer();
  LoopbackServer(const LoopbackServer&) = delete;
  LoopbackServer& operator=(const LoopbackServer&) = delete;

  int port() const;
  std::string url() const;  // http://127.0.0.1:PORT
  std::vector<Received> log() const;
  std::int64_t requests() const;
  std::int64_t connections() const;
  std::int64_t most_at_once() const;  // requests under way at the same time
  // CPU time that the server's thread has used.
  std::chrono::nanoseconds cpu_time() const;
  // When step `step` of request `request` was sent; absent where it was not.
  std::optional<std::chrono::steady_clock::time_point> sent(std::int64_t request,
                                                            std::size_t step) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// A whole answer with Content-Length. `headers`: further lines "Name: value".
Reply answer(int status, std::string_view body, const std::vector<std::string>& headers = {},
             std::string_view content_type = "application/json");
Reply answer_after(std::chrono::nanoseconds delay, int status, std::string_view body,
                   const std::vector<std::string>& headers = {});

// One piece of a chunked body.
std::string http_chunk(std::string_view bytes);
// Head of a chunked answer, and its end.
std::string chunked_head(int status = 200, std::string_view content_type = "text/event-stream",
                         const std::vector<std::string>& headers = {});
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

// An event stream: head, each piece as a chunk of its own, the end of the body.
Reply stream(const std::vector<Step>& pieces);

// Pieces of an OpenAI-style chat stream, "data: {...}\n\n" each.
std::string role_event();
std::string text_event(std::string_view text);
std::string finish_event(std::string_view reason = "stop");
std::string usage_event(std::int64_t input, std::int64_t output, std::int64_t cached = 0);
inline constexpr std::string_view kDoneEvent = "data: [DONE]\n\n";

struct ChatStream {
  std::vector<std::string> tokens;
  std::size_t tokens_per_event = 1;
  bool role = true;
  std::chrono::nanoseconds before_first{0};  // after the role event
  std::chrono::nanoseconds gap{0};           // between events
  std::string finish = "stop";
  std::int64_t input_tokens = 7;
};
// The pieces of a normal stream: role, text, finish, usage, [DONE].
Steps chat_pieces(const ChatStream& chat);
Reply chat_stream(const ChatStream& chat);

// The same answer in one JSON document.
std::string chat_json(std::string_view text, std::int64_t input, std::int64_t output,
                      std::string_view finish = "stop");
Reply chat_answer(std::string_view text, std::int64_t input = 7, std::int64_t output = 3);

// Streams or not, as the request asks.
Reply chat_reply(const Received& request, std::string_view text);

// The text of the last user message of a chat request; "" where there is none.
std::string last_user_text(const Received& request);

}  // namespace llmops::test
