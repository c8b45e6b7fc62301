#include "evaluators/own_client.h"

#include <utility>

namespace llmops {

void OwnClient::connect(const AskingContext& context) {
  attach({.interrupts = context.interrupts,
          .read_cache = context.read_cache,
          .write_cache = context.write_cache,
          .budget = budget_,
          .refused = &refused_});
  before_ = used();
}

std::vector<SideUse> OwnClient::uses() const {
  SideUse use = used();
  for (std::int64_t SideUse::*const count :
       {&SideUse::answered, &SideUse::cached, &SideUse::failed, &SideUse::made, &SideUse::retried,
        &SideUse::input_tokens, &SideUse::output_tokens})
    use.*count -= before_.*count;
  use.cost_usd -= before_.cost_usd;
  if (use.made == 0 && use.cached == 0) return {};
  return {std::move(use)};
}

}  // namespace llmops
