#pragma once
// The half of AsksModels that a metric with a client of its own has: it wishes for no model, takes
// what the run decides about calls, and tells what it used.

#include <atomic>
#include <vector>

#include "evaluators/asker.h"
#include "evaluators/side_calls.h"

namespace llmops {

class OwnClient : public AsksModels {
 public:
  std::vector<ModelWish>& wishes() override { return none_; }
  double questions_per_sample() const override { return 0; }
  void connect(const AskingContext& context) override;
  std::vector<SideUse> uses() const override;
  // Of the whole run, before `connect`; nullptr: none. `budget` is there until the next call.
  void spend_from(Budget* budget) {
    budget_ = budget;
    refused_ = false;
  }
  // The budget had no room for a call.
  bool stopped() const override { return refused_; }

 private:
  virtual void attach(const SideContext& context) = 0;
  // Since the client was made, with the evaluator's name.
  virtual SideUse used() const = 0;

  std::vector<ModelWish> none_;
  SideUse before_;
  Budget* budget_ = nullptr;
  std::atomic<bool> refused_{false};
};

}  // namespace llmops
