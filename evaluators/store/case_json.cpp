#include "evaluators/store/case_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "datasets/text/hash.h"
#include "datasets/text/json.h"
#include "evaluators/store/store.h"

namespace llmops {
namespace {

List texts(const std::vector<std::string>& from) { return List(from.begin(), from.end()); }

std::vector<std::string> read_texts(const Value* from) {
  std::vector<std::string> texts;
  if (from != nullptr && from->is_list())
    for (const Value& item : *from->list()) texts.push_back(to_text(item));
  return texts;
}

Value stored(std::string_view json) {
  Result<Value> value = parse_json(json, "store.db");
  if (!value)
    throw std::runtime_error("the store holds a record that cannot be read:\n" +
                             render(value.problems()));
  return *std::move(value);
}

std::string text_of(const Value& from, std::string_view key) {
  const Value* found = from.find(key);
  return found == nullptr ? "" : to_text(*found);
}

}  // namespace

std::string case_json(const Case& row) {
  Object out;
  out.add("id", row.id);
  out.add("variables", row.variables);
  if (!row.references.empty()) out.add("references", texts(row.references));
  if (!row.context.empty()) out.add("context", texts(row.context));
  if (!row.tags.empty()) {
    Object tags;
    for (const Tag& tag : row.tags) tags.add(tag.key, tag.value);
    out.add("tags", std::move(tags));
  }
  if (!row.group.empty()) out.add("group", row.group);
  if (row.weight != 1.0) out.add("weight", row.weight);
  return dump_json(Value(std::move(out)));
}

Case read_case(std::string_view json) {
  const Value from = stored(json);
  Case row;
  row.id = text_of(from, "id");
  if (const Value* variables = from.find("variables");
      variables != nullptr && variables->is_object())
    row.variables = *variables->object();
  row.references = read_texts(from.find("references"));
  row.context = read_texts(from.find("context"));
  if (const Value* tags = from.find("tags"); tags != nullptr && tags->is_object())
    for (const Member& tag : *tags->object()) row.tags.push_back({tag.key, to_text(tag.value)});
  row.group = text_of(from, "group");
  if (const Value* weight = from.find("weight")) row.weight = weight->number();
  return row;
}

std::string answer_json(const Sample& sample) {
  Object out;
  out.add("text", sample.text);
  if (!sample.reasoning.empty()) out.add("reasoning", sample.reasoning);
  if (!sample.tool_calls.is_null()) out.add("tool_calls", sample.tool_calls);
  if (!sample.steps.is_null()) out.add("steps", sample.steps);
  if (!sample.context.empty()) out.add("context", Value(texts(sample.context)));
  if (!sample.logprobs.is_null()) out.add("logprobs", sample.logprobs);
  if (!sample.finish_reason.empty()) out.add("finish_reason", sample.finish_reason);
  if (!sample.model.empty()) out.add("model", sample.model);
  if (sample.error) out.add("message", sample.error.message);
  return dump_json(Value(std::move(out)));
}

void read_answer(std::string_view json, Sample& sample) {
  const Value from = stored(json);
  sample.text = text_of(from, "text");
  sample.reasoning = text_of(from, "reasoning");
  if (const Value* calls = from.find("tool_calls")) sample.tool_calls = *calls;
  if (const Value* steps = from.find("steps")) sample.steps = *steps;
  sample.context = read_texts(from.find("context"));
  if (const Value* logprobs = from.find("logprobs")) sample.logprobs = *logprobs;
  sample.finish_reason = text_of(from, "finish_reason");
  sample.model = text_of(from, "model");
  sample.error.message = text_of(from, "message");
}

std::string content_hash(const Case& row) {
  std::vector<const Member*> members;
  for (const Member& member : row.variables) members.push_back(&member);
  std::ranges::sort(members, {},
                    [](const Member* member) -> const std::string& { return member->key; });
  std::string all;
  for (const Member* member : members) {
    dump_json_string(member->key, all);
    dump_json(member->value, all);
  }
  dump_json(Value(texts(row.references)), all);
  dump_json(Value(texts(row.context)), all);
  return fmt::format("{:016x}", hash64(all));
}

}  // namespace llmops
