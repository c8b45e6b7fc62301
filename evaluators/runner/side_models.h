#pragma once
// The models beside the one under test: judges and the like. Made once, before anything is called;
// asked by each run through a SideRun.

#include <memory>
#include <string>
#include <vector>

#include "evaluators/asker.h"
#include "evaluators/providers/provider.h"
#include "evaluators/transport/event_loop.h"

namespace llmops {

struct Evaluator;  // evaluators/scoring.h

class SideModels {
 public:
  // The models that the evaluator wishes for; equal mappings are one model. Notes problems.
  void add(const Evaluator& evaluator, const Source& source, const std::filesystem::path& folder,
           Diagnostics& problems);

  struct Asking {
    std::string evaluator;
    AsksModels* asks = nullptr;
    std::vector<std::size_t> models;  // of its wishes, places in `models`
  };
  bool empty() const { return asking_.empty(); }
  const std::vector<Asking>& asking() const { return asking_; }
  const std::vector<std::unique_ptr<Model>>& models() const { return models_; }
  const std::vector<bool>& price_given() const { return price_given_; }
  EventLoop& loop() { return loop_; }

 private:
  EventLoop loop_;  // turned by the thread of a SideRun
  std::vector<std::unique_ptr<Model>> models_;
  std::vector<bool> price_given_;
  std::vector<std::string> mappings_;  // of `models_`, as sorted JSON
  std::vector<Asking> asking_;
};

}  // namespace llmops
