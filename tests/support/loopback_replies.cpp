// The answers that the loopback server's scripts are made of.
#include <fmt/format.h>

#include "datasets/text/json.h"
#include "tests/support/loopback_server.h"

namespace llmops::test {
namespace {

std::string head(int status, std::string_view content_type,
                 const std::vector<std::string>& headers) {
  std::string text =
      fmt::format("HTTP/1.1 {} Scripted\r\nContent-Type: {}\r\n", status, content_type);
  for (const std::string& line : headers) text += line + "\r\n";
  return text;
}

std::string quoted(std::string_view text) {
  std::string out;
  dump_json_string(text, out);
  return out;
}

std::string chunk_event(std::string_view choices, std::string_view more = "") {
  return fmt::format(
      "data: {{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1795220293,"
      "\"model\":\"tiny\",\"choices\":[{}]{}}}\n\n",
      choices, more);
}

}  // namespace

Reply answer_after(std::chrono::nanoseconds delay, int status, std::string_view body,
                   const std::vector<std::string>& headers) {
  Steps steps = *answer(status, body, headers);
  steps[0].delay = delay;
  return std::make_shared<const Steps>(std::move(steps));
}

Reply answer(int status, std::string_view body, const std::vector<std::string>& headers,
             std::string_view content_type) {
  return std::make_shared<const Steps>(
      Steps{{head(status, content_type, headers) +
             fmt::format("Content-Length: {}\r\n\r\n{}", body.size(), body)}});
}

std::string http_chunk(std::string_view bytes) {
  return fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes);
}

std::string chunked_head(int status, std::string_view content_type,
                         const std::vector<std::string>& headers) {
  return head(status, content_type, headers) + "Transfer-Encoding: chunked\r\n\r\n";
}

Reply stream(const std::vector<Step>& pieces) {
  Steps steps = {{chunked_head()}};
  bool ends = true;
  for (const Step& piece : pieces) {
    steps.push_back(
        {piece.bytes.empty() ? "" : http_chunk(piece.bytes), piece.delay, piece.action});
    ends = piece.action == Step::Action::send;
  }
  if (ends) steps.push_back({std::string(kLastChunk)});
  return std::make_shared<const Steps>(std::move(steps));
}

std::string role_event() {
  return chunk_event(
      R"({"index":0,"delta":{"role":"assistant","content":null},"finish_reason":null})");
}

std::string text_event(std::string_view text) {
  return chunk_event(
      fmt::format(R"({{"index":0,"delta":{{"content":{}}},"finish_reason":null}})", quoted(text)));
}

std::string finish_event(std::string_view reason) {
  return chunk_event(
      fmt::format(R"({{"index":0,"delta":{{}},"finish_reason":{}}})", quoted(reason)));
}

std::string usage_event(std::int64_t input, std::int64_t output, std::int64_t cached) {
  return chunk_event(
      "", fmt::format(R"(,"usage":{{"prompt_tokens":{},"completion_tokens":{},"total_tokens":{},)"
                      R"("prompt_tokens_details":{{"cached_tokens":{}}}}})",
                      input, output, input + output, cached));
}

Steps chat_pieces(const ChatStream& chat) {
  Steps pieces;
  if (chat.role) pieces.push_back({role_event()});
  std::string text;
  for (std::size_t i = 0; i < chat.tokens.size(); ++i) {
    text += chat.tokens[i];
    if ((i + 1) % chat.tokens_per_event != 0 && i + 1 != chat.tokens.size()) continue;
    const bool first = i < chat.tokens_per_event;
    pieces.push_back({text_event(text), first ? chat.before_first : chat.gap});
    text.clear();
  }
  pieces.push_back({finish_event(chat.finish)});
  pieces.push_back({usage_event(chat.input_tokens, static_cast<std::int64_t>(chat.tokens.size()))});
  pieces.push_back({std::string(kDoneEvent)});
  return pieces;
}

Reply chat_stream(const ChatStream& chat) { return stream(chat_pieces(chat)); }

std::string chat_json(std::string_view text, std::int64_t input, std::int64_t output,
                      std::string_view finish) {
  return fmt::format(
      R"({{"id":"chatcmpl-1","object":"chat.completion","created":1795220293,"model":"tiny","choices":[{{"index":0,)"
      R"("message":{{"role":"assistant","content":{}}},"finish_reason":{}}}],"usage":{{"prompt_tokens":{},)"
      R"("completion_tokens":{},"total_tokens":{}}}}})",
      quoted(text), quoted(finish), input, output, input + output);
}

Reply chat_answer(std::string_view text, std::int64_t input, std::int64_t output) {
  return answer(200, chat_json(text, input, output));
}

Reply chat_reply(const Received& request, std::string_view text) {
  if (request.body.find("\"stream\":true") == std::string::npos) return chat_answer(text);
  std::vector<std::string> tokens;  // a word with the blank before it, as tokenizers cut
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at + 1), text.size());
    tokens.emplace_back(text.substr(at, end - at));
    at = end;
  }
  ChatStream chat;
  chat.tokens = std::move(tokens);
  return chat_stream(chat);
}

std::string last_user_text(const Received& request) {
  const Result<Value> body = parse_json(request.body, "request");
  if (!body) return "";
  const Value* messages = body->find("messages");
  if (messages == nullptr || messages->list() == nullptr) return "";
  std::string text;
  for (const Value& message : *messages->list()) {
    const Value* role = message.find("role");
    const Value* content = message.find("content");
    if (role == nullptr || content == nullptr || to_text(*role) != "user") continue;
    text = "";
    if (const List* parts = content->list()) {
      for (const Value& part : *parts)
        if (const Value* words = part.find("text")) text += to_text(*words);
    } else {
      text = to_text(*content);
    }
  }
  return text;
}

}  // namespace llmops::test
