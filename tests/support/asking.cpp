#include "tests/support/asking.h"

#include <stdexcept>

#include "datasets/text/yaml.h"

namespace llmops::test {
namespace {

std::unique_ptr<Model> make(std::string_view yaml, EventLoop& loop,
                            const std::filesystem::path& folder, Diagnostics& problems) {
  const Source source("llmops.yaml", std::string(yaml));
  const Result<Value> value = parse_yaml(source);
  if (!value) {
    problems = value.problems();
    return nullptr;
  }
  return make_model(*value, source, folder, loop, problems);
}

}  // namespace

std::unique_ptr<Model> model_from(std::string_view yaml, EventLoop& loop,
                                  const std::filesystem::path& folder) {
  Diagnostics problems;
  auto model = make(yaml, loop, folder, problems);
  if (!model) throw std::runtime_error("the test's model is wrong:\n" + render(problems));
  return model;
}

std::string model_problems(std::string_view yaml, const std::filesystem::path& folder) {
  EventLoop loop;
  Diagnostics problems;
  make(yaml, loop, folder, problems);
  return render(problems);
}

std::shared_ptr<const Request> question(std::string_view id, std::string_view text, int sample) {
  auto row = std::make_shared<Case>();
  row->id = id;
  row->variables.add("question", text);
  auto request = std::make_shared<Request>();
  request->row = std::move(row);
  request->sample = sample;
  request->messages.push_back(
      {.role = "user",
       .parts = {{.type = "text", .content = std::string(text), .extra = {}}},
       .extra = {}});
  return request;
}

std::vector<Sample> ask_all(const std::vector<std::shared_ptr<const Request>>& requests,
                            Model& model, EventLoop& loop, const FanOutOptions& options,
                            FanOutCounts* counts) {
  std::vector<Sample> samples;
  std::size_t next = 0;
  const FanOutCounts counted = fan_out(
      [&]() -> std::shared_ptr<const Request> {
        return next < requests.size() ? requests[next++] : nullptr;
      },
      model, loop, options,
      [&](const Request&, Sample sample) { samples.push_back(std::move(sample)); });
  if (counts != nullptr) *counts = counted;
  return samples;
}

Answer ask_once(Model& model, EventLoop& loop, std::string_view text) {
  std::optional<Answer> got;
  model.provider->ask(question("1", text), Clock::now(),
                      [&](Answer answer) { got = std::move(answer); });
  loop.run_until([&] { return got.has_value(); });
  return *std::move(got);
}

}  // namespace llmops::test
