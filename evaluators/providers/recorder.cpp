#include "evaluators/providers/recorder.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>

#include "datasets/text/append_file.h"
#include "datasets/text/json.h"

namespace llmops {
namespace {

std::string line_of(const Request& request, int number, const Sample& sample) {
  Object line;
  line.add("id", request.row ? request.row->id : "");
  line.add("sample", number);
  if (request.prompt) {
    line.add("prompt", request.prompt->name);
    line.add("version", request.prompt->version);
  }
  if (request.row) line.add("variables", request.row->variables);
  line.add("text", sample.text);
  const auto add = [&](const char* key, const auto& value) {
    if (value) line.add(key, *value);
  };
  if (!sample.reasoning.empty()) line.add("reasoning", sample.reasoning);
  if (!sample.tool_calls.is_null()) line.add("tool_calls", sample.tool_calls);
  if (!sample.steps.is_null()) line.add("steps", sample.steps);
  if (!sample.context.empty())
    line.add("context", List(sample.context.begin(), sample.context.end()));
  add("input_tokens", sample.usage.input);
  add("output_tokens", sample.usage.output);
  add("cached_tokens", sample.usage.cached);
  add("reasoning_tokens", sample.usage.reasoning);
  add("ttft_ms", sample.timing.ttft_ms);
  add("latency_ms", sample.timing.latency_ms);
  if (!sample.finish_reason.empty()) line.add("finish_reason", sample.finish_reason);
  add("cost_usd", sample.cost_usd);
  if (!sample.model.empty()) line.add("model", sample.model);
  line.add("recorded_at", fmt::format("{:%FT%TZ}", fmt::gmtime(std::time(nullptr))));
  return dump_json(line) + "\n";
}

class Recorder final : public Provider {
 public:
  Recorder(const std::filesystem::path& file, std::unique_ptr<Provider> inner)
      : file_(file), inner_(std::move(inner)) {}
  ~Recorder() override { inner_.reset(); }

  std::uint64_t ask(const std::shared_ptr<const Request>& request, Clock::time_point scheduled,
                    Done done) override {
    return ask_several(request, 1, scheduled, std::move(done));
  }
  std::uint64_t ask_several(const std::shared_ptr<const Request>& request, int count,
                            Clock::time_point scheduled, Done done) override {
    return inner_->ask_several(request, count, scheduled,
                               [this, request, done = std::move(done)](Answer answer) {
                                 int number = request->sample;
                                 if (!answer.sample.error)
                                   file_.write(line_of(*request, number, answer.sample));
                                 for (const Sample& each : answer.more)
                                   if (++number; !each.error)
                                     file_.write(line_of(*request, number, each));
                                 done(std::move(answer));
                               });
  }
  void cancel(std::uint64_t attempt) override { inner_->cancel(attempt); }
  void cancel_all() override { inner_->cancel_all(); }

 private:
  AppendFile file_;
  std::unique_ptr<Provider> inner_;
};

}  // namespace

std::unique_ptr<Provider> recording_to(const std::filesystem::path& file,
                                       std::unique_ptr<Provider> inner) {
  return std::make_unique<Recorder>(file, std::move(inner));
}

}  // namespace llmops
