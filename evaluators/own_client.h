#pragma once
// The half of AsksModels that a metric with a client of its own has: it wishes for no model, takes
// what the run decides about calls, and tells what it used.

#include <utility>
#include <vector>

#include "evaluators/asker.h"
#include "evaluators/side_calls.h"

namespace llmops {

class OwnClient : public AsksModels {
 public:
  std::vector<ModelWish>& wishes() override { return none_; }
  double questions_per_sample() const override { return 0; }
  void connect(const AskingContext& context) override {
    attach({.interrupts = context.interrupts,
            .read_cache = context.read_cache,
            .write_cache = context.write_cache});
    before_ = used();
  }
  std::vector<SideUse> uses() const override {
    SideUse use = used();
    for (std::int64_t SideUse::*const count :
         {&SideUse::answered, &SideUse::cached, &SideUse::failed, &SideUse::made, &SideUse::retried,
          &SideUse::input_tokens, &SideUse::output_tokens})
      use.*count -= before_.*count;
    use.cost_usd -= before_.cost_usd;
    if (use.made == 0 && use.cached == 0) return {};
    return {std::move(use)};
  }

 private:
  virtual void attach(const SideContext& context) = 0;
  // Since the client was made, with the evaluator's name.
  virtual SideUse used() const = 0;

  std::vector<ModelWish> none_;
  SideUse before_;
};

}  // namespace llmops
