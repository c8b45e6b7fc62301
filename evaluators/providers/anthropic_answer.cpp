#include "evaluators/providers/anthropic_answer.h"

#include "datasets/text/json.h"
#include "evaluators/providers/http_faults.h"

namespace llmops {
namespace {

std::optional<std::int64_t> count(const Value& from, std::string_view key) {
  const Value* found = from.find(key);
  if (found == nullptr || !found->is_number() || found->number() < 0 ||
      found->number() > 1e15)  // no count of tokens
    return std::nullopt;
  return static_cast<std::int64_t>(found->number());
}

std::string_view text_of(const Value& from, std::string_view key) {
  const Value* found = from.find(key);
  return found == nullptr || !found->is_string() ? std::string_view()
                                                 : std::string_view(*found->string());
}

}  // namespace

void AnthropicReader::add_usage(const Value& usage) {
  const auto input = count(usage, "input_tokens");
  const auto created = count(usage, "cache_creation_input_tokens");
  const auto read = count(usage, "cache_read_input_tokens");
  if (read) usage_.cached = *read;
  // The last report of a stream may leave the input out, or repeat it.
  if (input) usage_.input = *input + created.value_or(0) + read.value_or(0);
  if (const auto output = count(usage, "output_tokens"))
    usage_.output = std::max(usage_.output.value_or(0), *output);  // cumulative
}

void AnthropicReader::set_reason(const Value& from) {
  const std::string_view reason = text_of(from, "stop_reason");
  if (reason.empty()) return;
  if (reason == "end_turn" || reason == "stop_sequence")
    finish_reason_ = "stop";
  else if (reason == "max_tokens")
    finish_reason_ = "length";
  else if (reason == "tool_use")
    finish_reason_ = "tool_calls";
  else
    finish_reason_ = reason;
}

EventGain AnthropicReader::add_block(std::int64_t index, const Value& block) {
  const std::string_view type = text_of(block, "type");
  EventGain gain;
  if (type == "text") {
    text_ += text_of(block, "text");
    gain.payload = !text_of(block, "text").empty();
  } else if (type == "thinking") {
    reasoning_ += text_of(block, "thinking");
    gain.payload = gain.thinking = !text_of(block, "thinking").empty();
  } else if (type == "tool_use") {
    ToolCall& call = tool_calls_[index];
    call.id = text_of(block, "id");
    call.name = text_of(block, "name");
    // A stream opens with an empty object and sends the text of the arguments behind it.
    const Value* input = block.find("input");
    if (input != nullptr && input->object() != nullptr && !input->object()->empty())
      call.arguments = dump_json(*input);
    gain.payload = true;
  }
  has_payload_ = has_payload_ || gain.payload;
  return gain;
}

EventGain AnthropicReader::add_delta(std::int64_t index, const Value& delta) {
  const std::string_view type = text_of(delta, "type");
  EventGain gain;
  if (type == "text_delta") {
    text_ += text_of(delta, "text");
    gain.payload = !text_of(delta, "text").empty();
  } else if (type == "thinking_delta") {
    reasoning_ += text_of(delta, "thinking");
    gain.payload = gain.thinking = !text_of(delta, "thinking").empty();
  } else if (type == "input_json_delta") {
    tool_calls_[index].arguments += text_of(delta, "partial_json");
    gain.payload = !text_of(delta, "partial_json").empty();
  }
  has_payload_ = has_payload_ || gain.payload;
  return gain;
}

void AnthropicReader::add_message(const Value& message) {
  has_message_ = true;
  if (const std::string_view model = text_of(message, "model"); !model.empty()) model_ = model;
  if (const Value* usage = message.find("usage")) add_usage(*usage);
  set_reason(message);
  const Value* content = message.find("content");
  if (content == nullptr || content->list() == nullptr) return;
  std::int64_t index = 0;
  for (const Value& block : *content->list()) add_block(index++, block);
}

EventGain AnthropicReader::on_event(std::string_view, std::string_view data) {
  const Result<Value> event = parse_json(data, "stream");
  if (!event) {
    fault_ = {ErrorClass::bad_json, "an event of the stream is " + event.problems()[0].what};
    return {};
  }
  const std::string_view type = text_of(*event, "type");
  const std::int64_t index = count(*event, "index").value_or(0);
  if (type == "message_start") {
    if (const Value* message = event->find("message")) add_message(*message);
  } else if (type == "content_block_start") {
    if (const Value* block = event->find("content_block")) return add_block(index, *block);
  } else if (type == "content_block_delta") {
    if (const Value* delta = event->find("delta")) return add_delta(index, *delta);
  } else if (type == "message_delta") {
    if (const Value* delta = event->find("delta")) set_reason(*delta);
    if (const Value* usage = event->find("usage")) add_usage(*usage);
  } else if (type == "message_stop") {
    stopped_ = true;
  } else if (type == "error") {
    fault_ = error_object_fault(*event);
  }
  return {};  // ping, content_block_stop, and what later versions add
}

void AnthropicReader::on_document(std::string_view body) {
  const Result<Value> document = parse_json(body, "answer");
  if (!document)
    fault_ = {ErrorClass::bad_json, "the answer is " + document.problems()[0].what};
  else if (text_of(*document, "type") == "error")
    fault_ = error_object_fault(*document);
  else if (text_of(*document, "type") == "message")
    add_message(*document);
}

void AnthropicReader::move_into(Sample& sample) {
  sample.text = std::move(text_);
  sample.reasoning = std::move(reasoning_);
  sample.finish_reason = std::move(finish_reason_);
  sample.model = std::move(model_);
  sample.usage = usage_;
  if (tool_calls_.empty()) return;
  List calls;
  for (auto& entry : tool_calls_) {
    Object call;
    call.add("id", std::move(entry.second.id));
    call.add("name", std::move(entry.second.name));
    call.add("arguments", std::move(entry.second.arguments));
    calls.emplace_back(std::move(call));
  }
  sample.tool_calls = std::move(calls);
}

}  // namespace llmops
