#include "evaluators/providers/ollama_answer.h"

#include <algorithm>

#include "datasets/text/json.h"
#include "evaluators/providers/http_faults.h"

namespace llmops {
namespace {

std::optional<double> number(const Value& from, std::string_view key) {
  const Value* found = from.find(key);
  if (found == nullptr || !found->is_number() || found->number() < 0 || found->number() > 1e18)
    return std::nullopt;
  return found->number();
}

std::optional<std::int64_t> count(const Value& from, std::string_view key) {
  const auto found = number(from, key);
  if (!found || *found > 1e15) return std::nullopt;
  return static_cast<std::int64_t>(*found);
}

std::optional<double> ms(const Value& from, std::string_view key) {
  const auto nanoseconds = number(from, key);
  if (!nanoseconds) return std::nullopt;
  return *nanoseconds / 1e6;
}

// Whether the text grew.
bool append(const Value& from, std::string_view key, std::string& into) {
  const Value* found = from.find(key);
  const std::string* text = found == nullptr ? nullptr : found->string();
  if (text == nullptr || text->empty()) return false;
  into += *text;
  return true;
}

}  // namespace

EventGain OllamaReader::add_message(const Value& message) {
  has_message_ = true;
  EventGain gain;
  const bool thinking = append(message, "thinking", reasoning_);
  bool answer = append(message, "content", text_);
  const Value* calls = message.find("tool_calls");
  if (calls != nullptr && calls->is_list()) {
    for (const Value& call : *calls->list()) {
      const Value* function = call.find("function");
      if (function == nullptr) continue;
      const Value* called = function->find("name");
      const Value* arguments = function->find("arguments");
      tool_calls_.push_back(Object{
          {"id",        ""                                                                     },
          {"name",      called == nullptr ? std::string() : to_text(*called)                   },
          {"arguments", arguments == nullptr     ? std::string("{}")
                        : arguments->is_string() ? to_text(*arguments)
                                                 : dump_json(*arguments)}
      });
      answer = true;
    }
  }
  gain.payload = answer || thinking;
  gain.thinking = thinking && !answer;
  has_payload_ = has_payload_ || gain.payload;
  return gain;
}

void OllamaReader::add_end(const Value& end) {
  done_ = true;
  const Value* reason = end.find("done_reason");
  finish_reason_ = reason == nullptr || !reason->is_string() ? "stop" : *reason->string();
  usage_.input = count(end, "prompt_eval_count");
  usage_.output = count(end, "eval_count");
  server_.prefill_ms = ms(end, "prompt_eval_duration");
  server_.decode_ms = ms(end, "eval_duration");
  if (const auto total = ms(end, "total_duration"); total && server_.decode_ms)
    server_.queue_ms = std::max(0.0, *total - server_.prefill_ms.value_or(0) - *server_.decode_ms);
}

EventGain OllamaReader::on_event(std::string_view, std::string_view data) {
  const Result<Value> event = parse_json(data, "stream");
  if (!event) {
    fault_ = {ErrorClass::bad_json, "a line of the answer is " + event.problems()[0].what};
    return {};
  }
  if (const Value* error = event->find("error"); error != nullptr && !error->is_null()) {
    fault_ = error_object_fault(*event);
    return {};
  }
  if (const Value* model = event->find("model"); model != nullptr && model->is_string())
    model_ = *model->string();
  EventGain gain;
  if (const Value* message = event->find("message"); message != nullptr && message->is_object())
    gain = add_message(*message);
  const Value* done = event->find("done");
  if (done != nullptr && done->is_bool() && *done->boolean()) add_end(*event);
  return gain;
}

void OllamaReader::move_into(Sample& sample) {
  sample.text = std::move(text_);
  sample.reasoning = std::move(reasoning_);
  sample.finish_reason = std::move(finish_reason_);
  sample.model = std::move(model_);
  sample.usage = usage_;
  sample.server = server_;
  if (!tool_calls_.empty()) sample.tool_calls = std::move(tool_calls_);
}

}  // namespace llmops
