// Recorded outputs instead of a model: no network, no key, the same answer every time.
//
// `match` says which row belongs to a request: `id`, a variable of the case, or several of them as
// {variable: column}. `prompt.name` and `prompt.version` stand for the prompt that is asked, so
// that one recording can hold the outputs of several versions.
#include <fmt/format.h>

#include <stdexcept>

#include "evaluators/providers/provider.h"
#include "evaluators/providers/recording.h"

namespace llmops {
namespace {

class Replay final : public Provider {
 public:
  Replay(const ModelSpec& model, std::vector<std::string> variables, std::string path,
         std::unique_ptr<Recording> recording)
      : model_(model),
        variables_(std::move(variables)),
        path_(std::move(path)),
        recording_(std::move(recording)) {}

  std::uint64_t ask(const std::shared_ptr<const Request>& request, Clock::time_point,
                    Done done) override {
    Answer answer;
    Sample& sample = answer.sample;
    sample.case_id = request->row->id;
    sample.number = request->sample;
    sample.model = model_.name;
    try {
      std::vector<std::string> values;
      for (const std::string& variable : variables_) {
        std::optional<std::string> value = value_of(*request, variable);
        if (!value) {
          sample.error = {ErrorClass::no_recording,
                          fmt::format("the case has no variable `{}`", variable)};
          break;
        }
        values.push_back(*std::move(value));
      }
      if (!sample.error && !recording_->find(values, request->sample, sample))
        sample.error = {ErrorClass::no_recording,
                        fmt::format("no row of {} matches the case", path_)};
    } catch (const std::runtime_error& error) {
      sample.error = {ErrorClass::no_recording, error.what()};
    }
    done(std::move(answer));
    return 0;
  }

 private:
  // A column of the case comes before our own words.
  static std::optional<std::string> value_of(const Request& request, const std::string& variable) {
    const Case& row = *request.row;
    if (variable == "id") return row.id;
    if (const Value* whole = row.variables.find(variable)) return to_text(*whole);
    if (variable.find_first_of("./") == std::string::npos) return std::nullopt;
    const Value variables = row.variables;
    if (const Value* found = find_path(variables, variable)) return to_text(*found);
    if (variable == "prompt.version" && request.prompt) return request.prompt->version;
    if (variable == "prompt.name" && request.prompt) return request.prompt->name;
    return std::nullopt;
  }

  const ModelSpec& model_;
  std::vector<std::string> variables_;
  std::string path_;
  std::unique_ptr<Recording> recording_;
};

std::unique_ptr<Provider> make(ModelSpec& model, Fields& fields,
                               const std::filesystem::path& folder, EventLoop&) {
  RecordingSpec spec;
  const std::string path = fields.required_text("path");
  std::vector<std::string> variables;
  const Value* match = fields.value("match");
  if (match == nullptr) {
    fields.missing(
        "match",
        "the case variable that the recording is looked up by, or {variable: column}, or `id`");
  } else if (const Object* pairs = match->object()) {
    for (const Member& pair : *pairs) {
      variables.push_back(pair.key);
      spec.match.push_back(to_text(pair.value));
    }
    if (pairs->empty())
      fields.error(match->mark(), "`match` has no entries", "expected {variable: column}");
  } else if (const auto name = fields.text("match")) {
    variables = spec.match = {*name};
  }
  spec.format = fields.text("format").value_or("");
  spec.output = fields.required_text("output");
  spec.sample = fields.text("sample");
  spec.input_tokens = fields.text("input_tokens");
  spec.output_tokens = fields.text("output_tokens");
  spec.cached_tokens = fields.text("cached_tokens");
  spec.reasoning_tokens = fields.text("reasoning_tokens");
  spec.ttft_ms = fields.text("ttft_ms");
  spec.latency_ms = fields.text("latency_ms");
  spec.finish_reason = fields.text("finish_reason");
  spec.error = fields.text("error");
  spec.cost_usd = fields.text("cost_usd");
  spec.reasoning = fields.text("reasoning");
  spec.tool_calls = fields.text("tool_calls");
  spec.steps = fields.text("steps");
  spec.context = fields.text("context");
  model.identity.set("path", path);
  model.identity.set("output", spec.output);
  if (path.empty() || spec.output.empty() || spec.match.empty()) return nullptr;

  spec.path = folder / path;
  auto recording = Recording::open(spec, fields.problems());
  if (!recording) return nullptr;
  return std::make_unique<Replay>(model, std::move(variables), path, std::move(recording));
}

}  // namespace

extern const ProviderInfo kReplay;
constexpr ProviderInfo kReplay{
    .name = "replay",
    .summary = "recorded outputs from a file: no network, no key",
    .needs_name = false,
    .make = &make,
};

}  // namespace llmops
