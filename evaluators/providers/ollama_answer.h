#pragma once
// An answer of Ollama's own chat route: a JSON object a line, or one document. Its last line tells
// the server's times, which its OpenAI route leaves out.

#include <string>
#include <string_view>

#include "datasets/text/value.h"
#include "evaluators/providers/stream_call.h"
#include "evaluators/sample.h"

namespace llmops {

// Server times: prefill `prompt_eval_duration`, decode `eval_duration`, queue what is left of
// `total_duration`: loading the model and waiting for a slot.
class OllamaReader final : public AnswerReader {
 public:
  EventGain on_event(std::string_view name, std::string_view data) override;
  void on_document(std::string_view body) override { on_event("", body); }
  bool complete() const override { return done_; }
  bool finished() const override { return done_; }
  bool has_answer() const override { return has_message_ && (has_payload_ || done_); }
  const CallError& fault() const override { return fault_; }
  void move_into(Sample& sample) override;

 private:
  EventGain add_message(const Value& message);
  void add_end(const Value& end);

  std::string text_, reasoning_, finish_reason_, model_;
  List tool_calls_;
  Usage usage_;
  ServerTiming server_;
  CallError fault_;
  bool has_message_ = false, has_payload_ = false, done_ = false;
};

}  // namespace llmops
