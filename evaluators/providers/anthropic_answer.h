#pragma once
// An answer of Anthropic's Messages as it comes together: events of a stream, or one document.

#include <map>
#include <string>
#include <string_view>

#include "datasets/text/value.h"
#include "evaluators/providers/stream_call.h"
#include "evaluators/sample.h"

namespace llmops {

// Finish reasons are given in the words of the chat completions: end_turn and stop_sequence are
// "stop", max_tokens is "length", tool_use is "tool_calls"; others stay as they are. Input tokens
// count the cached ones in, as everywhere else here.
class AnthropicReader final : public AnswerReader {
 public:
  EventGain on_event(std::string_view name, std::string_view data) override;
  void on_document(std::string_view body) override;
  bool complete() const override { return stopped_; }
  bool finished() const override { return stopped_ || !finish_reason_.empty(); }
  bool has_answer() const override { return has_message_ && (has_payload_ || finished()); }
  const CallError& fault() const override { return fault_; }
  void move_into(Sample& sample) override;

 private:
  struct ToolCall {
    std::string id, name, arguments;
  };
  void add_message(const Value& message);
  EventGain add_block(std::int64_t index, const Value& block);
  EventGain add_delta(std::int64_t index, const Value& delta);
  void add_usage(const Value& usage);
  void set_reason(const Value& from);

  std::string text_, reasoning_, finish_reason_, model_;
  std::map<std::int64_t, ToolCall> tool_calls_;  // by content block
  Usage usage_;
  CallError fault_;
  bool has_message_ = false, has_payload_ = false, stopped_ = false;
};

}  // namespace llmops
