#pragma once
// Short ways to make models and requests in tests.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "evaluators/providers/provider.h"
#include "evaluators/runner/fan_out.h"
#include "evaluators/transport/event_loop.h"

namespace llmops::test {

// `yaml`: the mapping below `model:`. Fails the test where it has problems.
std::unique_ptr<Model> model_from(std::string_view yaml, EventLoop& loop,
                                  const std::filesystem::path& folder = ".");
// The problems as a user sees them; "" where there are none.
std::string model_problems(std::string_view yaml, const std::filesystem::path& folder = ".");

// A request with one user message; the case has the id and the variable `question`.
std::shared_ptr<const Request> question(std::string_view id, std::string_view text, int sample = 0);

// Asks everything through fan_out; samples in order of completion.
std::vector<Sample> ask_all(const std::vector<std::shared_ptr<const Request>>& requests,
                            Model& model, EventLoop& loop, const FanOutOptions& options = {},
                            FanOutCounts* counts = nullptr);
// One attempt, no retry.
Answer ask_once(Model& model, EventLoop& loop, std::string_view text = "hello?");

}  // namespace llmops::test
