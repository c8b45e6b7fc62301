#include "evaluators/providers/chat_request.h"

#include <fmt/format.h>

#include <filesystem>

#include "datasets/text/json.h"
#include "evaluators/providers/part_files.h"

namespace llmops {
namespace {

Result<Value> part_value(const Part& part, const Prompt* prompt) {
  Object out;
  if (part.type == "text") {
    out.add("type", "text");
    out.add("text", part.content);
    return Value(std::move(out));
  }
  Result<std::string> read = part_url(part, prompt);
  if (!read) return read.problems();
  std::string url = *std::move(read);
  if (part.type == "image_url" || url.starts_with("data:image/")) {
    Object image;
    image.add("url", std::move(url));
    if (const Value* detail = part.extra.find("detail")) image.add("detail", *detail);
    out.add("type", "image_url");
    out.add("image_url", std::move(image));
  } else if (url.starts_with("data:audio/")) {
    Object audio;
    audio.add("data", url.substr(url.find(',') + 1));
    audio.add("format", url.starts_with("data:audio/wav") ? "wav" : "mp3");
    out.add("type", "input_audio");
    out.add("input_audio", std::move(audio));
  } else {
    Object file;
    file.add("filename", std::filesystem::path(part.content).filename().string());
    file.add("file_data", std::move(url));
    out.add("type", "file");
    out.add("file", std::move(file));
  }
  return Value(std::move(out));
}

// `{json_schema: SCHEMA}` as the prompt has it, or any form that the wire knows already.
Value response_format_value(const Prompt& prompt) {
  const Value& given = prompt.response_format;
  if (given.is_string())
    return Object{
        {"type", given, {}}
    };
  if (given.find("type") != nullptr) return given;
  const Value* schema = given.find("json_schema");
  if (schema == nullptr)
    return given.find("json_object") != nullptr ? Value(Object{
                                                      {"type", "json_object", {}}
    })
                                                : given;
  Value inner = *schema;
  if (schema->find("schema") == nullptr) {
    std::string name;  // the wire allows letters, digits, _ and -
    for (const char c : prompt.name)
      name += (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-'
                  ? c
                  : '_';
    inner = Object{
        {"name",   name.empty() ? "answer" : name, {}},
        {"schema", *schema,                        {}},
        {"strict", true,                           {}}
    };
  }
  return Object{
      {"type",        "json_schema",    {}},
      {"json_schema", std::move(inner), {}}
  };
}

}  // namespace

Object merged_parameters(const Object& prompt, const Object& model) {
  Object merged = prompt;
  for (const Member& member : model) merged.set(member.key, member.value);
  std::vector<std::string> gone;
  for (const Member& member : merged)
    if (member.value.is_null()) gone.push_back(member.key);
  for (const std::string& key : gone) merged.erase(key);
  return merged;
}

ChatRequestWriter::ChatRequestWriter(const ModelSpec& model, bool new_length_name)
    : model_(model), new_length_name_(new_length_name) {}

// Everything behind the messages, from the comma on.
ChatRequestWriter::Tail ChatRequestWriter::tail(const std::shared_ptr<const Prompt>& prompt) const {
  Tail tail{.prompt = prompt, .text = "", .seed = std::nullopt};
  Object defaults;
  if (model_.stream)
    defaults.add("stream_options", Object{
                                       {"include_usage", true, {}}
    });
  if (prompt != nullptr)
    for (const Member& member : prompt->parameters) defaults.set(member.key, member.value);
  const Object parameters = merged_parameters(defaults, model_.parameters);
  Object out;
  for (const Member& member : parameters) {
    if (member.key == "seed" && member.value.is_integer()) {
      tail.seed = static_cast<std::int64_t>(member.value.number());
      continue;
    }
    if (member.key == "n" && member.value.is_number()) {
      tail.several = member.value.number() > 1 && model_.parameters.find("n") == nullptr;
      continue;
    }
    const bool renamed = new_length_name_ && member.key == "max_tokens";
    out.set(renamed ? "max_completion_tokens" : std::string_view(member.key), member.value);
  }
  if (prompt != nullptr && !prompt->response_format.is_null())
    out.set("response_format", response_format_value(*prompt));
  if (prompt != nullptr && !prompt->tools.is_null()) out.set("tools", prompt->tools);
  out.set("stream", model_.stream);
  tail.text = dump_json(out);
  tail.text.front() = ',';
  return tail;
}

Result<std::string> ChatRequestWriter::body(const Request& request, int count) {
  const Prompt* prompt = request.prompt.get();
  auto known = tails_.find(prompt);
  if (known == tails_.end()) known = tails_.emplace(prompt, tail(request.prompt)).first;
  const Tail& tail = known->second;
  if (tail.several)
    return problem("`n` of the prompt asks for several answers at once", "",
                   "write `samples:` in the suite; with `n` under the model's `parameters` one "
                   "request brings several of them");

  std::string out = "{\"model\":";
  dump_json_string(model_.name.empty() && prompt != nullptr ? prompt->model : model_.name, out);
  out += ",\"messages\":[";
  bool first = true;
  for (const Message& message : request.messages) {
    out += first ? "{\"role\":" : ",{\"role\":";
    first = false;
    dump_json_string(message.role, out);
    out += ",\"content\":";
    if (message.parts.size() == 1 && message.parts[0].type == "text") {
      dump_json_string(message.parts[0].content, out);
    } else if (message.parts.empty()) {
      out += "null";  // an assistant turn that only calls tools
    } else {
      List parts;
      for (const Part& part : message.parts) {
        Result<Value> value = part_value(part, prompt);
        if (!value) return value.problems();
        parts.push_back(*std::move(value));
      }
      dump_json(Value(std::move(parts)), out);
    }
    for (const Member& member : message.extra) {
      out += ',';
      dump_json_string(member.key, out);
      out += ':';
      dump_json(member.value, out);
    }
    out += '}';
  }
  out += ']';
  if (count > 1) out += fmt::format(",\"n\":{}", count);
  if (tail.seed) out += fmt::format(",\"seed\":{}", *tail.seed + request.sample);
  out += tail.text;
  return out;
}

}  // namespace llmops
