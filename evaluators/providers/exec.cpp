// Any local program: started once per worker, one JSON document a line in, one out.
//
//   in:  {"id","messages","parameters","variables"}
//   out: {"text","input_tokens","output_tokens"} or {"error"}; optional: cached_tokens,
//   reasoning_tokens, reasoning,
//        finish_reason, model, cost_usd, tool_calls, steps, context; with tool_calls or steps
//        "text" may be absent
#include "datasets/text/json.h"
#include "evaluators/programs.h"
#include "evaluators/providers/chat_request.h"
#include "evaluators/transport/program_pool.h"

namespace llmops {
namespace {

std::string request_line(const ModelSpec& model, const Request& request) {
  Object line;
  line.add("id", request.row ? request.row->id : "");
  List messages;
  for (const Message& message : request.messages) {
    Object out;
    out.add("role", message.role);
    if (message.parts.size() == 1 && message.parts[0].type == "text") {
      out.add("content", message.parts[0].content);
    } else {
      List parts;
      for (const Part& part : message.parts) {
        Object each;
        each.add("type", part.type);
        each.add(part.type, part.content);
        for (const Member& member : part.extra) each.add(member.key, member.value);
        parts.emplace_back(std::move(each));
      }
      out.add("content", std::move(parts));
    }
    for (const Member& member : message.extra) out.add(member.key, member.value);
    messages.emplace_back(std::move(out));
  }
  line.add("messages", std::move(messages));
  line.add("parameters", merged_parameters(request.prompt ? request.prompt->parameters : Object(),
                                           model.parameters));
  line.add("variables", request.row ? request.row->variables : Object());
  return dump_json(line);
}

std::optional<std::int64_t> count(const Value& from, std::string_view key) {
  const Value* found = from.find(key);
  if (found == nullptr || !found->is_number()) return std::nullopt;
  return static_cast<std::int64_t>(found->number());
}

std::string text_of(const Value& from, std::string_view key) {
  const Value* found = from.find(key);
  return found == nullptr || found->is_null() ? "" : to_text(*found);
}

void read_line(std::string_view line, Sample& sample) {
  const Result<Value> answer = parse_json(line, "answer");
  if (!answer || !answer->is_object()) {
    sample.error = {ErrorClass::bad_json,
                    answer ? "the program's answer is not a JSON object"
                           : "the program's answer is " + answer.problems()[0].what};
    return;
  }
  if (const Value* error = answer->find("error"); error != nullptr && !error->is_null()) {
    sample.error = {ErrorClass::program_failed, "the program says: " + to_text(*error)};
    return;
  }
  const auto list = [&](std::string_view key) -> const Value* {
    const Value* found = answer->find(key);
    return found != nullptr && found->is_list() ? found : nullptr;
  };
  if (const Value* calls = list("tool_calls")) sample.tool_calls = *calls;
  if (const Value* steps = list("steps")) sample.steps = *steps;
  if (const Value* context = answer->find("context")) sample.context = passages_of(*context);
  const Value* text = answer->find("text");
  const bool has_text = text != nullptr && !text->is_null();
  if (!has_text && sample.tool_calls.is_null() && sample.steps.is_null()) {
    sample.error = {ErrorClass::empty_choices,
                    "the program's answer has neither `text` nor `error`"};
    return;
  }
  if (has_text) sample.text = to_text(*text);
  sample.reasoning = text_of(*answer, "reasoning");
  sample.finish_reason = text_of(*answer, "finish_reason");
  if (const std::string model = text_of(*answer, "model"); !model.empty()) sample.model = model;
  sample.usage = {.input = count(*answer, "input_tokens"),
                  .output = count(*answer, "output_tokens"),
                  .cached = count(*answer, "cached_tokens"),
                  .reasoning = count(*answer, "reasoning_tokens")};
  if (const Value* cost = answer->find("cost_usd"); cost != nullptr && cost->is_number())
    sample.cost_usd = cost->number();
}

class Exec final : public Provider {
 public:
  Exec(const ModelSpec& model, std::vector<std::string> command, std::filesystem::path folder,
       EventLoop& loop)
      : model_(model), programs_(loop, std::move(command), std::move(folder)) {}

  std::uint64_t ask(const std::shared_ptr<const Request>& request, Clock::time_point scheduled,
                    Done done) override {
    Sample sample;
    sample.case_id = request->row ? request->row->id : "";
    sample.number = request->sample;
    sample.model = model_.name;
    sample.timeline.scheduled = scheduled;
    sample.timeline.sent = Clock::now();
    return programs_.ask(request_line(model_, *request), model_.timeout.total,
                         [sample = std::move(sample), done = std::move(done)](
                             std::string_view line, CallError error) mutable {
                           sample.timeline.end = Clock::now();
                           sample.error = std::move(error);
                           if (!sample.error) read_line(line, sample);
                           sample.timing = timing_of(sample.timeline, sample.usage.output);
                           done({.sample = std::move(sample), .retry_after = std::nullopt});
                         });
  }

  void cancel(std::uint64_t attempt) override { programs_.cancel(attempt); }
  void cancel_all() override { programs_.cancel_all(); }

 private:
  const ModelSpec& model_;
  ProgramPool programs_;
};

std::unique_ptr<Provider> make(ModelSpec& model, Fields& fields,
                               const std::filesystem::path& folder, EventLoop& loop) {
  std::vector<std::string> command = read_command(fields, folder);
  if (command.empty()) return nullptr;
  List shown;
  for (const std::string& each : command) shown.emplace_back(each);
  model.identity.set("command", std::move(shown));
  return std::make_unique<Exec>(model, std::move(command), folder, loop);
}

}  // namespace

extern const ProviderInfo kExec;
constexpr ProviderInfo kExec{
    .name = "exec",
    .summary = "any local program: one JSON request a line in, one answer a line out",
    .needs_name = false,
    .make = &make,
};

}  // namespace llmops
