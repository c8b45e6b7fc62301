#include "ci/changed_most.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/support/built_run.h"

using namespace llmops;
using namespace llmops::test;

namespace {

std::vector<Measure> measures() {
  Measure tokens = positive_measure("output_tokens");
  tokens.builtin = true;
  return {bounded_measure("grade", 1, 5), positive_measure("edits", ""), tokens};
}

std::string shown(const std::vector<ChangedCase>& cases) {
  std::string text;
  for (const ChangedCase& each : cases)
    text += fmt::format("{} {:.2f}{} {}\n", each.id, each.change, each.other_output ? " text" : "",
                        each.scores.front().measure);
  return text;
}

}  // namespace

TEST_CASE("changed_most: the largest move first, by what a score can do") {
  BuiltRun before(measures(), "a");
  BuiltRun after(measures(), "b");
  const auto add = [&](const char* id, std::vector<std::optional<double>> a,
                       std::vector<std::optional<double>> b, bool same_text) {
    before.add(id, std::move(a)).output = "0";
    after.add(id, std::move(b)).output = same_text ? "0" : "1";
  };
  add("same", {3, 2, 10}, {3, 2, 10}, true);
  add("better", {1, 2, 10}, {5, 2, 10}, false);
  add("worse", {4, 2, 10}, {3, 2, 10}, false);
  add("edits", {4, 2, 10}, {4, 4, 10}, false);
  add("lost", {4, 2, 10}, {std::nullopt, 2, 10}, false);
  add("longer", {4, 2, 10}, {4, 2, 40}, false);
  add("words", {4, 2, 10}, {4, 2, 10}, false);
  before.add("only before", {1, 1, 1});
  CHECK(shown(changed_most(before, after, 10)) ==
        "better 1.00 text grade\n"
        "lost 1.00 text grade\n"
        "edits 0.50 text edits\n"
        "worse 0.25 text grade\n"
        "longer 0.00 text grade\n"
        "words 0.00 text grade\n");
  CHECK(shown(changed_most(before, after, 2)) ==
        "better 1.00 text grade\n"
        "lost 1.00 text grade\n");
  CHECK(changed_most(before, before, 10).empty());
}
