#pragma once
// Whether a model can be asked as a suite wants it, found out step by step before a run is started.

#include <memory>
#include <string>
#include <vector>

#include "datasets/text/value.h"
#include "evaluators/providers/provider.h"
#include "prompts/prompt.h"

namespace llmops {

enum class CheckOutcome { good, warning, problem, skipped };

std::string_view name(CheckOutcome outcome);

struct Check {
  std::string name;  // key | endpoint | model | clock | answer | streaming | usage | price
  CheckOutcome outcome = CheckOutcome::good;
  std::string what;  // one sentence; text of servers in it is untrusted
  std::string help;  // how to mend it; empty where nothing is to be mended
};

struct CheckupOptions {
  bool call = true;  // ask the model one short question (a few tokens)
};

// `mapping`: the model as the suite has it; `prompt`: whose model name and parameters hold where
// the model names none. Calls the server's list of models, and where wanted the model once. Never
// throws for what a server does.
std::vector<Check> check_model(Model& model, const Value& mapping,
                               const std::shared_ptr<const Prompt>& prompt, EventLoop& loop,
                               const CheckupOptions& options);

}  // namespace llmops
