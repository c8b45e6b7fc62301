// `init --recipe`: every project runs at once, without network and without key.
#include <doctest/doctest.h>

#include <cstdio>
#include <filesystem>

#include "cli/recipes.h"
#include "datasets/text/json.h"
#include "evaluators/metrics/code_exec/sandbox.h"
#include "tests/support/metric.h"
#include "tests/support/reference.h"
#include "tests/support/run_cli.h"

using namespace llmops;
using namespace llmops::test;
namespace fs = std::filesystem;

TEST_CASE("recipes: each is written, clean and passes") {
  for (const Recipe& recipe : recipes()) {
    CAPTURE(recipe.name);
    const std::string name(recipe.name), suite(suite_of(recipe));
    if (name == "code" && sandbox_problem()) {
      std::printf("[skipped] code: no sandbox: %s\n", sandbox_problem()->c_str());
      continue;
    }
    const TemporaryFolder folder;
    const CliRun init = run_cli({"init", "--recipe", name}, {.folder = folder.path()});
    CAPTURE(init.err);
    REQUIRE(init.code == 0);
    const CliRun lint = run_cli({"lint", suite}, {.folder = folder.path()});
    CAPTURE(lint.out);
    CAPTURE(lint.err);
    CHECK(lint.code == 0);
    const CliRun eval = run_cli({"eval", suite, "--json"}, {.folder = folder.path()});
    CAPTURE(eval.err);
    CHECK(eval.code == 0);
    const Result<Value> document = parse_json(eval.out, "stdout");
    REQUIRE(document);
    CHECK(text_at(at(*document, "verdict"), "outcome") == "pass");
    for (const Member& metric : *at(*document, "metrics").object()) {
      CAPTURE(metric.key);
      CHECK(at(metric.value, "unscored").number() == 0);
    }
    // The next two commands of the answer.
    const std::string store = (fs::path(suite).parent_path() / ".llmops").string();
    CHECK(run_cli({"baseline", "set", "last", "baselines/" + name + ".json", "--store", store},
                  {.folder = folder.path()})
              .code == 0);
    CHECK(run_cli({"eval", suite, "--baseline", "baselines/" + name + ".json"}, {.folder = folder.path()})
              .code == 0);
  }
}

TEST_CASE("recipes: names that people know, and names that nobody knows") {
  for (const char* alias : {"gsm8k", "mmlu", "arc", "humaneval", "summarization", "squad"})
    CHECK(find_recipe(alias) != nullptr);
  CHECK(find_recipe("") == nullptr);
  const TemporaryFolder folder;
  const CliRun unknown = run_cli({"init", "--recipe", "translaton"}, {.folder = folder.path()});
  CHECK(unknown.code == 2);
  CHECK(unknown.err.find("did you mean `translation`") != std::string::npos);
  CHECK(run_cli({"init", "--recipe", "math"}, {.folder = folder.path()}).code == 0);
  const CliRun again = run_cli({"init", "--recipe", "math"}, {.folder = folder.path()});
  CHECK(again.code == 2);
  CHECK(again.err.find("`init` overwrites nothing") != std::string::npos);
}

TEST_CASE("recipes: every file belongs to one that is listed") {
  for (const RecipeFile& file : recipe_files()) {
    CAPTURE(file.path);
    const bool listed = file.recipe == "common" || find_recipe(file.recipe) != nullptr;
    CHECK(listed);
    CHECK_FALSE(file.content.empty());
  }
}
