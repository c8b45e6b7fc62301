#include "evaluators/providers/chat_answer.h"

#include "evaluators/providers/http_faults.h"

namespace llmops {
namespace {

std::optional<std::int64_t> count(const Value* from, std::string_view key) {
  const Value* found = from == nullptr ? nullptr : from->find(key);
  if (found == nullptr || !found->is_number() || found->number() < 0 ||
      found->number() > 1e15)  // no count of tokens
    return std::nullopt;
  return static_cast<std::int64_t>(found->number());
}

const Value* present(const Value& from, std::string_view key) {
  const Value* found = from.find(key);
  return found == nullptr || found->is_null() ? nullptr : found;
}

}  // namespace

bool ChatAnswer::add_text(const Value& from, std::string_view key, std::string& into) {
  const Value* content = present(from, key);
  if (content == nullptr) return false;
  const std::size_t before = into.size();
  if (const std::string* text = content->string()) {
    into += *text;
  } else if (const List* parts = content->list()) {
    for (const Value& part : *parts) {
      if (const std::string* text_part = part.string())
        into += *text_part;
      else if (const Value* inner = part.find("text"); inner != nullptr && inner->is_string())
        into += *inner->string();
    }
  }
  return into.size() > before;
}

bool ChatAnswer::add_tool_calls(const Value& calls) {
  const List* list = calls.list();
  if (list == nullptr) return false;
  bool payload = false;
  std::int64_t position = 0;
  for (const Value& call : *list) {
    ToolCall& into = tool_calls_[count(&call, "index").value_or(position++)];
    if (const Value* id = present(call, "id")) into.id = to_text(*id);
    const Value* function = present(call, "function");
    if (function == nullptr) continue;
    if (const Value* called = present(*function, "name")) {
      into.name += to_text(*called);
      payload = true;
    }
    if (const Value* arguments = present(*function, "arguments")) {
      const std::string text =
          to_text(*arguments);  // some servers send an object instead of its text
      into.arguments += text;
      payload = payload || !text.empty();
    }
  }
  return payload;
}

void ChatAnswer::add_message(const Value& message, EventGain& gain) {
  bool answer = add_text(message, "content", text_);
  const bool thinking = add_text(message, "reasoning_content", reasoning_) ||
                        add_text(message, "reasoning", reasoning_);
  answer = add_text(message, "refusal", refusal_) || answer;
  if (const Value* calls = present(message, "tool_calls"))
    answer = add_tool_calls(*calls) || answer;
  if (const Value* old = present(message, "function_call")) {
    const Value wrapped = List{
        Value(Object{{"index", Value(0), {}}, {"function", *old, {}}}
        )
    };
    answer = add_tool_calls(wrapped) || answer;
  }
  gain.payload = gain.payload || answer || thinking;
  gain.thinking = thinking && !answer;
}

void ChatAnswer::add_logprobs(const Value& logprobs) {
  const Value* content = present(logprobs, "content");
  if (content == nullptr || content->list() == nullptr) return;
  for (const Value& token : *content->list()) logprobs_.push_back(token);
}

void ChatAnswer::add_usage(const Value& usage) {
  const auto output = count(&usage, "completion_tokens");
  // Zeros on every chunk and cumulative counts both end with the largest.
  if (usage_.output && output.value_or(0) < *usage_.output) return;
  usage_.output = output;
  usage_.input = count(&usage, "prompt_tokens");
  if (const auto cached = count(usage.find("prompt_tokens_details"), "cached_tokens"))
    usage_.cached = cached;
  if (const auto reasoning = count(usage.find("completion_tokens_details"), "reasoning_tokens"))
    usage_.reasoning = reasoning;
}

// llama.cpp without `include_usage`: the counts of its own clock. `prompt_n` leaves the cached
// tokens out.
void ChatAnswer::add_timings(const Value& timings) {
  const auto time = [&](const char* key, std::optional<double>& into) {
    const Value* found = timings.find(key);
    if (found != nullptr && found->is_number() && found->number() >= 0) into = found->number();
  };
  time("prompt_ms", server_.prefill_ms);
  time("predicted_ms", server_.decode_ms);
  if (usage_.output) return;
  const auto predicted = count(&timings, "predicted_n");
  const auto prompt = count(&timings, "prompt_n");
  if (!predicted || !prompt) return;
  const auto cached = count(&timings, "cache_n");
  usage_ = {.input = *prompt + cached.value_or(0),
            .output = predicted,
            .cached = cached,
            .reasoning = std::nullopt};
}

void ChatAnswer::add_common(const Value& event) {
  if (const Value* model = present(event, "model");
      model != nullptr && model->is_string() && model_.empty())
    model_ = *model->string();
  if (const Value* usage = present(event, "usage"); usage != nullptr && usage->is_object())
    add_usage(*usage);
  const bool error = present(event, "error") != nullptr || event.is_list() ||
                     (event.find("object") != nullptr && to_text(*event.find("object")) == "error");
  if (error && !error_) error_ = error_object_fault(event);
}

EventGain ChatAnswer::add_chunk(const Value& event) {
  EventGain gain;
  const std::size_t logprobs_before = logprobs_.size();
  const std::size_t others_before = reasoning_.size() + refusal_.size();
  add_common(event);
  const Value* choices = event.find("choices");
  const List* list = choices == nullptr ? nullptr : choices->list();
  if (list != nullptr) {
    for (const Value& choice : *list) {
      if (count(&choice, "index").value_or(0) != index_) continue;
      has_choice_ = true;
      if (const Value* delta = present(choice, "delta"))
        add_message(*delta, gain);
      else if (const Value* message = present(choice, "message"))
        add_message(*message, gain);
      else
        gain.payload =
            add_text(choice, "text", text_) || gain.payload;  // the older completions route
      if (const Value* reason = present(choice, "finish_reason")) finish_reason_ = to_text(*reason);
      if (finish_reason_ == "content_filter" && !choice_error_)
        choice_error_ = {ErrorClass::content_filter,
                         "the provider's content filter cut the answer"};
      // vLLM, SGLang: the engine dropped the request; OpenRouter: the provider behind it failed.
      if ((finish_reason_ == "abort" || finish_reason_ == "error") && !choice_error_)
        choice_error_ = {ErrorClass::error_in_stream,
                         "the server gave the answer up in the middle"};
      if (const Value* logprobs = present(choice, "logprobs")) add_logprobs(*logprobs);
    }
  }
  if (const Value* timings = present(event, "timings")) add_timings(*timings);
  if (!gain.payload) return gain;
  has_payload_ = true;
  // Tokens of this event: a cumulative count (usage or llama.cpp's timings on every chunk), else
  // one entry of log-probabilities a token.
  std::optional<std::int64_t> total = count(event.find("usage"), "completion_tokens");
  if (!total) total = count(event.find("timings"), "predicted_n");
  if (total && *total > tokens_told_) {
    gain.tokens = *total - tokens_told_;
    tokens_told_ = *total;
  } else if (!total) {
    gain.tokens = static_cast<std::int64_t>(logprobs_.size() - logprobs_before);
  }
  gain.text_alone = !total && gain.tokens == 0 && list->size() == 1 &&
                    present(list->front(), "delta") != nullptr && tool_calls_.empty() &&
                    others_before == reasoning_.size() + refusal_.size() &&
                    finish_reason_.empty() && !error_ && !usage_.output;
  return gain;
}

EventGain ChatAnswer::add_text_alone(std::string_view text) {
  text_ += text;
  return {.payload = !text.empty(), .text_alone = true};
}

void ChatAnswer::add_document(const Value& document) { add_chunk(document); }

double ChatAnswer::length() const {
  if (!logprobs_.empty()) return static_cast<double>(logprobs_.size());
  std::size_t bytes = text_.size() + reasoning_.size() + refusal_.size();
  for (const auto& entry : tool_calls_)
    bytes += entry.second.name.size() + entry.second.arguments.size();
  return static_cast<double>(bytes);
}

void ChatAnswer::move_into(Sample& sample) {
  sample.text = text_.empty() ? std::move(refusal_) : std::move(text_);
  sample.reasoning = std::move(reasoning_);
  sample.finish_reason = std::move(finish_reason_);
  sample.model = std::move(model_);
  sample.usage = usage_;
  sample.server = server_;
  if (!logprobs_.empty()) sample.logprobs = std::move(logprobs_);
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
