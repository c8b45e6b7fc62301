#pragma once
// An OpenAI-style chat completion as it comes together: chunks of a stream, or one document.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/text/value.h"
#include "evaluators/sample.h"

namespace llmops {

// What one event of a stream brought.
struct EventGain {
  bool payload = false;     // generated text, reasoning, tool calls
  bool thinking = false;    // the payload is reasoning alone
  std::int64_t tokens = 0;  // of the payload; 0: the event does not tell
  bool text_alone = false;  // the payload is text of an answer, and the event says nothing else
};

class ChatAnswer {
 public:
  // `index`: of the choice that counts.
  explicit ChatAnswer(std::int64_t index = 0) : index_(index) {}

  // `data: {...}` of a stream. Choices may be empty, content null, missing, "" or a list of parts;
  // usage may stand in any event and may be cumulative: the one with the most output tokens, the
  // last of equals, stands.
  EventGain add_chunk(const Value& event);
  // The same for a chunk that says nothing but this text.
  EventGain add_text_alone(std::string_view text);
  // The whole document of a call that does not stream.
  void add_document(const Value& document);

  // A choice came, with something in it or with the reason why there is nothing.
  bool has_answer() const { return has_choice_ && (has_payload_ || !finish_reason_.empty()); }
  bool has_choice() const { return has_choice_; }
  const std::string& text() const { return text_; }
  const std::string& finish_reason() const { return finish_reason_; }
  const CallError& error() const { return error_; }                // of the whole call
  const CallError& choice_error() const { return choice_error_; }  // of the choice alone
  // How much was generated, for a comparison of choices: tokens where each is told, else bytes.
  double length() const;

  // Moves text, reasoning, tool calls, logprobs, finish reason, model, usage and the server's own
  // times into the sample.
  void move_into(Sample& sample);

 private:
  struct ToolCall {
    std::string id, name, arguments;
  };
  void add_message(const Value& message, EventGain& gain);
  bool add_text(const Value& from, std::string_view key, std::string& into);
  bool add_tool_calls(const Value& calls);
  void add_logprobs(const Value& logprobs);
  void add_usage(const Value& usage);
  void add_timings(const Value& timings);
  void add_common(const Value& event);

  std::int64_t index_;
  std::string text_, reasoning_, refusal_, finish_reason_, model_;
  std::map<std::int64_t, ToolCall> tool_calls_;  // by index
  List logprobs_;
  Usage usage_;
  ServerTiming server_;
  CallError error_, choice_error_;
  bool has_choice_ = false;
  bool has_payload_ = false;
  std::int64_t tokens_told_ = 0;  // by cumulative counts
};

}  // namespace llmops
