#include "evaluators/providers/anthropic_request.h"

#include "datasets/text/json.h"
#include "evaluators/providers/chat_request.h"
#include "evaluators/providers/part_files.h"

namespace llmops {
namespace {

Value text_block(std::string text) {
  Object block;
  block.add("type", "text");
  block.add("text", std::move(text));
  return block;
}

Result<Value> part_block(const Part& part, const Prompt* prompt) {
  if (part.type == "text") return text_block(part.content);
  Result<std::string> url = part_url(part, prompt);
  if (!url) return url.problems();
  Object source;
  DataUrl data;
  bool image = part.type == "image_url";
  if (split_data_url(*url, data)) {
    image = data.media_type.starts_with("image/");
    source.add("type", "base64");
    source.add("media_type", std::string(data.media_type));
    source.add("data", std::string(data.base64));
  } else {
    source.add("type", "url");
    source.add("url", *std::move(url));
  }
  Object block;
  block.add("type", image ? "image" : "document");
  block.add("source", std::move(source));
  return Value(std::move(block));
}

// An assistant's tool calls, as chat completions write them.
void add_tool_uses(const Object& extra, List& blocks) {
  const Value* calls = extra.find("tool_calls");
  if (calls == nullptr || calls->list() == nullptr) return;
  for (const Value& call : *calls->list()) {
    const Value* function = call.find("function");
    if (function == nullptr) continue;
    Object block;
    block.add("type", "tool_use");
    if (const Value* id = call.find("id")) block.add("id", *id);
    if (const Value* name = function->find("name")) block.add("name", *name);
    Value input = Object();
    if (const Value* arguments = function->find("arguments"))
      if (const Result<Value> parsed = parse_json(to_text(*arguments), "arguments"))
        input = *parsed;
    block.add("input", std::move(input));
    blocks.emplace_back(std::move(block));
  }
}

List tools_value(const Value& tools) {
  List out;
  if (tools.list() == nullptr) return out;
  for (const Value& tool : *tools.list()) {
    const Value* function = tool.find("function");
    if (function == nullptr) {
      out.push_back(tool);  // in Anthropic's own form already
      continue;
    }
    Object own;
    if (const Value* name = function->find("name")) own.add("name", *name);
    if (const Value* description = function->find("description"))
      own.add("description", *description);
    const Value* schema = function->find("parameters");
    own.add("input_schema", schema != nullptr ? *schema
                                              : Value(Object{
                                                    {"type", "object", {}}
    }));
    out.emplace_back(std::move(own));
  }
  return out;
}

Result<List> content_of(const Message& message, const Prompt* prompt) {
  List blocks;
  for (const Part& part : message.parts) {
    Result<Value> block = part_block(part, prompt);
    if (!block) return block.problems();
    blocks.push_back(*std::move(block));
  }
  add_tool_uses(message.extra, blocks);
  if (message.role != "tool") return blocks;
  Object result;
  result.add("type", "tool_result");
  if (const Value* id = message.extra.find("tool_call_id")) result.add("tool_use_id", *id);
  result.add("content", std::move(blocks));
  List single;
  single.emplace_back(std::move(result));
  return single;
}

}  // namespace

Result<std::string> anthropic_body(const ModelSpec& model, const Request& request) {
  const Prompt* prompt = request.prompt.get();
  if (prompt != nullptr && !prompt->response_format.is_null())
    return problem(
        "the prompt has a `response_format`, which the provider `anthropic` does not offer");
  Object body;
  body.add("model", model.name.empty() && prompt != nullptr ? prompt->model : model.name);
  Object defaults;
  defaults.add("max_tokens", 4096);
  if (prompt != nullptr)
    for (const Member& member : prompt->parameters) defaults.set(member.key, member.value);
  for (const Member& member : merged_parameters(defaults, model.parameters)) {
    if (member.key == "stop")
      body.set("stop_sequences", member.value.is_list() ? member.value : Value(List{member.value}));
    else if (member.key == "max_completion_tokens")
      body.set("max_tokens", member.value);
    else
      body.set(member.key, member.value);
  }
  std::string system;
  List messages;
  for (const Message& message : request.messages) {
    if (message.role == "system" || message.role == "developer") {
      if (!system.empty()) system += "\n\n";
      system += plain_text(message);
      continue;
    }
    Result<List> content = content_of(message, prompt);
    if (!content) return content.problems();
    Object out;
    out.add("role", message.role == "assistant" ? "assistant" : "user");
    out.add("content", *std::move(content));
    messages.emplace_back(std::move(out));
  }
  if (!system.empty()) body.add("system", std::move(system));
  body.add("messages", std::move(messages));
  if (prompt != nullptr && !prompt->tools.is_null()) body.add("tools", tools_value(prompt->tools));
  body.add("stream", model.stream);
  return dump_json(body);
}

}  // namespace llmops
