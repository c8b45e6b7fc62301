#include "evaluators/runner/budget.h"

#include <doctest/doctest.h>

#include <thread>
#include <vector>

using namespace llmops;

TEST_CASE("budget: what is in flight counts at the mean of its own kind, the first at its guess") {
  Budget budget(10.0, std::nullopt);
  const std::size_t model = budget.join(), judge = budget.join();
  const Spend dear{.cost_usd = 4, .tokens = 0}, cheap{.cost_usd = 1, .tokens = 0};
  CHECK(budget.take(model, dear) == Budget::Room::yes);
  CHECK(budget.take(judge, cheap) == Budget::Room::yes);
  CHECK(budget.take(model, dear) == Budget::Room::yes);   // 9 in flight
  CHECK(budget.take(judge, cheap) == Budget::Room::yes);  // 10
  CHECK(budget.take(judge, cheap) == Budget::Room::later);
  budget.settle(model, {.cost_usd = 1, .tokens = 0}, true);  // cheaper than thought: 1 + 1 + 2
  CHECK(budget.take(model, dear) == Budget::Room::yes);
  for (int i = 0; i < 2; ++i) budget.settle(model, {.cost_usd = 1, .tokens = 0}, true);
  for (int i = 0; i < 2; ++i) budget.settle(judge, {.cost_usd = 3, .tokens = 0}, true);
  CHECK(budget.spent().cost_usd == doctest::Approx(9.0));
  CHECK(budget.take(judge, cheap) == Budget::Room::no);  // another 3
  CHECK(budget.why() ==
        "max-cost reached: 9.0000 of 10.0000 USD spent, the next call may come to 3.0000");
  CHECK(budget.take(model, dear) == Budget::Room::yes);
  budget.settle(model, {.cost_usd = 1, .tokens = 0}, true);
  CHECK(budget.take(model, dear) == Budget::Room::no);
  CHECK(budget.why() == "max-cost reached: 10.0000 of 10.0000 USD spent");
}

TEST_CASE("budget: a failed call costs what it cost and says nothing about others") {
  Budget budget(std::nullopt, 100);
  const std::size_t model = budget.join();
  CHECK(budget.take(model, {.cost_usd = 0, .tokens = 50}) == Budget::Room::yes);
  budget.settle(model, {}, false);
  CHECK(budget.take(model, {.cost_usd = 0, .tokens = 101}) == Budget::Room::no);
  CHECK(budget.why() == "max-tokens reached: 0 of 100 spent, the next call may come to 101");
}

TEST_CASE("budget: several threads never overdraw it") {
  Budget budget(1000.0, std::nullopt);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      const std::size_t own = budget.join();
      const Spend one{.cost_usd = 1, .tokens = 1};
      for (Budget::Room room; (room = budget.take(own, one)) != Budget::Room::no;)
        if (room == Budget::Room::yes) budget.settle(own, one, true);
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(budget.spent().cost_usd == doctest::Approx(1000.0));
}
