// Any local program: started once per worker, one JSON document a line in, one out.
//
//   in:  {"id","messages","parameters","variables"}
//   out: {"text","input_tokens","output_tokens"} or {"error"}; optional: cached_tokens,
//   reasoning_tokens, reasoning,
//        finish_reason, model, cost_usd, tool_calls, steps, context; with tool_calls or steps
//        "text" may be absent
#include <fmt/format.h>

#include <map>
#include <stdexcept>

#include "datasets/text/json.h"
#include "evaluators/providers/chat_request.h"
#include "evaluators/transport/child_process.h"
#include "evaluators/transport/event_loop.h"

namespace llmops {
namespace {

constexpr std::size_t kLongestLine = std::size_t{64} << 20;

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
  return dump_json(line) + "\n";
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
      : model_(model), command_(std::move(command)), folder_(std::move(folder)), loop_(loop) {}

  ~Exec() override {
    *alive_ = false;
    for (const auto& worker : workers_)
      if (worker->timer) loop_.cancel(*worker->timer);
  }

  std::uint64_t ask(const std::shared_ptr<const Request>& request, Clock::time_point scheduled,
                    Done done) override {
    Sample sample;
    sample.case_id = request->row ? request->row->id : "";
    sample.number = request->sample;
    sample.model = model_.name;
    sample.timeline.scheduled = scheduled;
    Worker* worker = idle_worker(sample.error);
    if (worker == nullptr) {
      done({.sample = std::move(sample), .retry_after = std::nullopt});
      return 0;
    }
    worker->attempt = next_++;
    worker->sample = std::move(sample);
    worker->done = std::move(done);
    worker->sample.timeline.sent = Clock::now();
    worker->timer = loop_.after(model_.timeout.total, [this, worker] {
      worker->timer.reset();
      end_worker(*worker,
                 {ErrorClass::timeout_total, "the program did not answer within `timeout.total`"});
    });
    worker->process->write(request_line(model_, *request));
    return worker->attempt;
  }

  void cancel(std::uint64_t attempt) override {
    for (const auto& worker : workers_)
      if (worker->attempt == attempt && worker->process) return cancel_later(attempt);
  }
  void cancel_all() override {
    for (const auto& worker : workers_)
      if (worker->attempt != 0) cancel_later(worker->attempt);
  }

 private:
  struct Worker {
    std::unique_ptr<ChildProcess> process;  // none: to be started
    std::uint64_t attempt = 0;              // 0: idle
    Sample sample;
    Done done;
    std::optional<EventLoop::Timer> timer;
  };

  Worker* idle_worker(CallError& error) {
    Worker* idle = nullptr;
    for (const auto& worker : workers_) {
      if (worker->attempt != 0) continue;
      idle = worker.get();
      if (idle->process) return idle;
    }
    if (idle == nullptr) idle = workers_.emplace_back(std::make_unique<Worker>()).get();
    try {
      idle->process = std::make_unique<ChildProcess>(
          loop_, command_, folder_, kLongestLine,
          ChildProcess::Events{
              .on_line = [this, idle](std::string_view line) { on_line(*idle, line); },
              .on_end =
                  [this, idle](std::string why) {
                    end_worker(*idle, {ErrorClass::program_failed, "the program failed: " + why});
                  }});
    } catch (const std::runtime_error& failure) {
      error = {ErrorClass::other, failure.what()};
      return nullptr;
    }
    return idle;
  }

  void on_line(Worker& worker, std::string_view line) {
    if (worker.attempt == 0) return;  // nobody asked
    if (line.find_first_not_of(" \t") == std::string_view::npos) return;
    const Clock::time_point now = Clock::now();
    worker.sample.timeline.end = now;
    read_line(line, worker.sample);
    finish(worker);
  }

  void finish(Worker& worker) {
    if (worker.timer) loop_.cancel(*worker.timer);
    worker.timer.reset();
    worker.attempt = 0;
    if (!worker.sample.timeline.end) worker.sample.timeline.end = Clock::now();
    worker.sample.timing = timing_of(worker.sample.timeline, worker.sample.usage.output);
    const Done done = std::move(worker.done);
    worker.done = nullptr;
    done({.sample = std::move(worker.sample), .retry_after = std::nullopt});
  }

  // The process goes; it may be the one whose event is being handled, so it is let go later.
  void end_worker(Worker& worker, CallError error) {
    if (worker.process) {
      worker.process->kill();
      const std::shared_ptr<ChildProcess> gone = std::move(worker.process);
      loop_.defer([gone] {});
    }
    if (worker.attempt == 0) return;
    worker.sample.error = std::move(error);
    finish(worker);
  }

  void cancel_later(std::uint64_t attempt) {
    loop_.defer([this, attempt, alive = alive_] {
      if (!*alive) return;
      for (const auto& worker : workers_)
        if (worker->attempt == attempt)
          return end_worker(*worker, {ErrorClass::cancelled, "the call was cancelled"});
    });
  }

  const ModelSpec& model_;
  std::vector<std::string> command_;
  std::filesystem::path folder_;
  EventLoop& loop_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::uint64_t next_ = 1;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

std::unique_ptr<Provider> make(ModelSpec& model, Fields& fields,
                               const std::filesystem::path& folder, EventLoop& loop) {
  std::vector<std::string> command = fields.texts("command");
  const Value* given = fields.value("command");
  if (given == nullptr || command.empty()) {
    fields.missing("command", "the program and its arguments: [python3, app.py]");
    return nullptr;
  }
  if (given->is_string()) command = {"/bin/sh", "-c", "exec " + command[0]};
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
