#include "evaluators/load/workload.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "tests/support/reference.h"

using namespace llmops;

namespace {

std::string text_of(const Work& work) { return plain_text(work.request->messages.back()); }

std::int64_t words(const std::string& text) {
  return text.empty() ? 0 : 1 + std::count(text.begin(), text.end(), ' ');
}

std::unique_ptr<Workload> make(const WorkloadSpec& spec, std::uint64_t seed = 1,
                               std::uint64_t nonce = 7) {
  Result<std::unique_ptr<Workload>> made = make_workload(spec, seed, nonce);
  REQUIRE(made);
  return *std::move(made);
}

}  // namespace

TEST_CASE("workload: made texts have the wished lengths by the server's scale") {
  auto load = make({.input = {.mean = 100}, .output = {.mean = 20}, .unique = false});
  load->scale({.fixed = 10, .per_word = 1.5});
  const Work work = load->next();
  CHECK(words(text_of(work)) == 60);
  CHECK(work.wanted_input == 100);
  CHECK(work.request->prompt->parameters.find("max_tokens")->number() == 20);
}

TEST_CASE("workload: lengths vary within their bounds, the same for a seed") {
  const WorkloadSpec spec{
      .input = {.mean = 50, .stddev = 20, .low = 30, .high = 60}
  };
  auto one = make(spec), again = make(spec);
  std::set<std::int64_t> seen;
  for (int i = 0; i < 200; ++i) {
    const Work work = one->next(), same = again->next();
    CHECK(text_of(work) == text_of(same));
    CHECK(work.wanted_input >= 30);
    CHECK(work.wanted_input <= 60);
    seen.insert(work.wanted_input);
  }
  CHECK(seen.size() > 10);
}

TEST_CASE("workload: nothing is asked twice, unless the cache is wished for") {
  auto unique = make({.input = {.mean = 30}});
  const std::string first = text_of(unique->next()), second = text_of(unique->next());
  CHECK(first.starts_with(unique_beginning(7, 0)));
  CHECK(second.starts_with(unique_beginning(7, 1)));
  std::set<std::string> beginnings;
  for (std::uint64_t nonce = 0; nonce < 100; ++nonce)
    for (std::uint64_t number = 0; number < 100; ++number) {
      beginnings.insert(unique_beginning(nonce, number));
      CHECK(words(unique_beginning(nonce, number)) == 11);  // ten, and the blank behind them
    }
  CHECK(beginnings.size() == 10000);
  auto shared = make({.input = {.mean = 30}, .shared_prefix = 20});
  const std::string a = text_of(shared->next()), b = text_of(shared->next());
  std::size_t common = 0;
  while (a[common] == b[common]) ++common;
  CHECK(words(a.substr(0, common)) >= 20);
  CHECK(a != b);
}

TEST_CASE("workload: a trace gives lengths, over and over") {
  auto load = make({
      .input = {.mean = 9},
        .unique = false, .trace = { {100, 7},  {50, 0}}
  });
  const Work first = load->next(), second = load->next(), third = load->next();
  CHECK(words(text_of(first)) == 100);
  CHECK(first.wanted_output == 7);
  CHECK(words(text_of(second)) == 50);
  CHECK(second.wanted_output == 128);
  CHECK(third.wanted_input == 100);
}

TEST_CASE("workload: a conversation carries its answers along") {
  auto load = make({.input = {.mean = 10}, .unique = false, .turns = 3});
  const Work first = load->next();
  const auto second = load->follow(first, "the answer");
  REQUIRE(second);
  REQUIRE(second->request->messages.size() == 3);
  CHECK(plain_text(second->request->messages[1]) == "the answer");
  CHECK(second->request->messages[1].role == "assistant");
  const auto third = load->follow(*second, "x");
  REQUIRE(third);
  CHECK_FALSE(load->follow(*third, "y"));
}

TEST_CASE("workload: prompts of a file, over and over") {
  const test::TemporaryFolder folder;
  const auto file = folder.write("p.jsonl", "{\"prompt\":\"one\"}\n{\"prompt\":\"two\"}\n");
  auto load = make({.output = {.mean = 0}, .unique = false, .dataset = DatasetSpec{.path = file}});
  CHECK(text_of(load->next()) == "one");
  CHECK(text_of(load->next()) == "two");
  CHECK(text_of(load->next()) == "one");
  const auto chat = folder.write(
      "s.json",
      R"([{"id":"a","conversations":[{"from":"human","value":"hi"},{"from":"gpt","value":"yo"}]}])");
  auto shared = make({.unique = false, .dataset = DatasetSpec{.path = chat}});
  CHECK(text_of(shared->next()) == "hi");
  const auto long_chat = folder.write(
      "l.jsonl",
      R"({"messages":[{"role":"system","content":"be brief"},{"role":"user","content":"one"},{"role":"assistant","content":"old"},{"role":"user","content":"two"}]})"
      "\n");
  auto turns = make({.unique = false, .turns = 5, .dataset = DatasetSpec{.path = long_chat}});
  const Work opening = turns->next();
  CHECK(text_of(opening) == "one");
  const auto second = turns->follow(opening, "new");
  REQUIRE(second);
  REQUIRE(second->request->messages.size() == 4);
  CHECK(plain_text(second->request->messages[2]) == "new");
  CHECK(text_of(*second) == "two");
  CHECK_FALSE(turns->follow(*second, "x"));
  const auto nothing = folder.write("n.jsonl", "{\"a\":1}\n");
  const auto refused = make_workload({.dataset = DatasetSpec{.path = nothing}}, 1, 1);
  CHECK_FALSE(refused);
  CHECK(refused.problems().front().what == "the record has nothing to ask");
}

TEST_CASE("workload: recorded answers say how long theirs are to be") {
  const test::TemporaryFolder folder;
  const auto file = folder.write(
      "s.jsonl",
      R"({"conversations":[{"from":"human","value":"one"},{"from":"gpt","value":"a b c d e f g h"},{"from":"human","value":"two"},{"from":"gpt","value":"yes"}]})"
      "\n"
      R"({"conversations":[{"from":"human","value":"alone"}]})"
      "\n");
  const auto tokens = [](const char* text) {
    return static_cast<std::int64_t>(token_estimate().count(text));
  };
  WorkloadSpec spec{.output = {.mean = 0}, .unique = false, .dataset = DatasetSpec{.path = file}};
  // As it was recorded: its history goes along, its last answer is the one to give.
  auto whole = make(spec);
  const Work asked = whole->next();
  CHECK(asked.request->messages.size() == 3);
  CHECK(text_of(asked) == "two");
  CHECK(asked.wanted_output == tokens("yes"));
  CHECK(asked.request->prompt->parameters.find("max_tokens")->number() == tokens("yes"));
  CHECK(whole->next().wanted_output == 0);  // nothing was recorded: as long as the model likes
  // Turn by turn.
  spec.turns = 3;
  auto turns = make(spec);
  const Work opening = turns->next();
  CHECK(text_of(opening) == "one");
  CHECK(opening.wanted_output == tokens("a b c d e f g h"));
  const auto second = turns->follow(opening, "x");
  REQUIRE(second);
  CHECK(second->wanted_output == tokens("yes"));
  CHECK_FALSE(turns->follow(*second, "y"));
  // Lengths that are asked for go before; a column of references is no recorded answer.
  spec.output.mean = 50;
  CHECK(make(spec)->next().wanted_output == 50);
  const auto rows = folder.write("r.jsonl", "{\"prompt\":\"p\",\"reference\":\"short\"}\n");
  auto plain = make({.output = {.mean = 0}, .dataset = DatasetSpec{.path = rows}});
  CHECK(plain->next().wanted_output == 0);
}
