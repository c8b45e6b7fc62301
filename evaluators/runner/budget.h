#pragma once
// What a run may spend, over all who spend it: the model under test, and the models that score.

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace llmops {

struct Spend {
  double cost_usd = 0;
  double tokens = 0;
};

// From any thread. A spender is whoever makes calls of one kind, which cost about the same.
class Budget {
 public:
  Budget(std::optional<double> max_cost_usd, std::optional<std::int64_t> max_tokens)
      : max_cost_usd_(max_cost_usd), max_tokens_(max_tokens) {}

  std::size_t join();

  // Whether one more call fits in beside what is spent and what the calls in flight may come to:
  // each at the mean of its spender's answers, before the first one at `guess`. With `yes` the call
  // is in flight. `later`: not now, but what is in flight may prove cheaper.
  enum class Room { yes, later, no };
  Room take(std::size_t spender, const Spend& guess);
  // A call in flight has ended and came to this. `answered`: it says what others may come to.
  void settle(std::size_t spender, const Spend& actual, bool answered);

  // Why `take` said no: "max-cost reached: 0.9800 of 1.0000 USD spent".
  std::string why() const;
  Spend spent() const;

 private:
  struct Spender {
    Spend guess, answers;  // of the first call; of all answers together
    std::int64_t answered = 0, in_flight = 0;
    Spend each() const;
  };
  std::optional<double> max_cost_usd_;
  std::optional<std::int64_t> max_tokens_;
  mutable std::mutex mutex_;  // of what follows
  std::vector<Spender> spenders_;
  Spend spent_;
  std::string why_;
};

}  // namespace llmops
