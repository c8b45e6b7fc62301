#pragma once
// The asking half of a run: cases -> requests -> model calls -> samples -> scores -> stored run.

#include <atomic>
#include <memory>
#include <string>

#include "cli/console.h"
#include "cli/sequential_run.h"
#include "cli/suite.h"
#include "evaluators/providers/provider.h"
#include "evaluators/runner/fan_out.h"
#include "evaluators/store/store.h"

namespace llmops {

// One cell of the matrix prompt x model, ready to run.
struct Cell {
  std::shared_ptr<const Prompt> prompt;
  Model* model = nullptr;
};

struct EvaluationOptions {
  FanOutOptions fan_out;
  std::optional<std::string> resume;    // id of the run that goes on
  std::string content;                  // hash over suite and prompt: what a resumed run must share
  SequentialRun* sequential = nullptr;  // gives the order of the cases and may stop the run
};

// Asks for every sample that is not stored yet and stores it with its scores. The header is
// complete where every sample was asked for. Throws std::runtime_error where the store fails.
RunHeader run_cell(const Suite& suite, const Dataset& dataset, const Cell& cell, Store& store,
                   EventLoop& loop, const EvaluationOptions& options, Console& console);

// The number of Ctrl-C so far; installs the handler at its first call.
const std::atomic<int>& interrupts();

}  // namespace llmops
