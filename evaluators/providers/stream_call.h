#pragma once
// One attempt over HTTP, whatever the body means: stamps, time-outs, statuses, content types, ends
// that come too early. A wire protocol says only what its events and documents hold.

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "datasets/text/value.h"
#include "evaluators/providers/chat_answer.h"
#include "evaluators/providers/provider.h"
#include "evaluators/transport/http_client.h"
#include "evaluators/transport/sse_parser.h"

namespace llmops {

// How one answer is understood. A fresh object for each attempt.
class AnswerReader {
 public:
  virtual ~AnswerReader() = default;
  // An event of a stream. Broken JSON is told through `fault`.
  virtual EventGain on_event(std::string_view name, std::string_view data) = 0;
  // The whole body of an answer that does not stream.
  virtual void on_document(std::string_view body) = 0;
  // The server has said all: a finish reason and its closing event, or `[DONE]`.
  virtual bool complete() const = 0;
  // A finish reason, or a sign as good: without it the answer was cut off.
  virtual bool finished() const = 0;
  virtual bool has_answer() const = 0;  // a choice, a message: there is something to score
  virtual const CallError& fault() const = 0;
  virtual void move_into(Sample& sample) = 0;
  // The further answers of a call that asked for several; after `move_into`.
  virtual std::vector<Sample> move_more() { return {}; }
};

// The calls of one provider that are under way.
class StreamCalls {
 public:
  StreamCalls(EventLoop& loop, const ModelSpec& model);
  ~StreamCalls();
  StreamCalls(const StreamCalls&) = delete;
  StreamCalls& operator=(const StreamCalls&) = delete;

  std::uint64_t start(HttpRequest request, std::unique_ptr<AnswerReader> reader, Sample sample,
                      Clock::time_point scheduled, Provider::Done done);
  void cancel(std::uint64_t attempt);
  void cancel_all();
  // Takes this key out of whatever the server sends back.
  void hide(std::string secret) { secret_ = std::move(secret); }

 private:
  class Call;
  EventLoop& loop_;
  const ModelSpec& model_;
  std::string secret_;
  std::unordered_map<std::uint64_t, Call*> under_way_;  // by the attempt's number
  std::uint64_t next_ = 1;
};

}  // namespace llmops
