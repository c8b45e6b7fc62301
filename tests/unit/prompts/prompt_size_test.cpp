#include "prompts/prompt_size.h"

#include <doctest/doctest.h>

#include "prompts/prompt_file.h"
#include "prompts/tokens/token_counter.h"
#include "tests/support/reference.h"

using namespace llmops;

namespace {

Prompt prompt_of(const std::string& text) {
  const test::TemporaryFolder folder;
  folder.write("p.yaml", text);
  Result<Prompt> prompt = load_prompt(folder.path() / "p.yaml");
  REQUIRE(prompt);
  return *std::move(prompt);
}

double tokens(std::string_view text) { return static_cast<double>(token_estimate().count(text)); }

Case with(const char* name, const char* value) {
  Case row;
  row.variables.add(name, value);
  return row;
}

}  // namespace

TEST_CASE("prompt size: the prompt's own text, and what the case puts into it") {
  const Prompt prompt = prompt_of(
      "name: p\nversion: \"1.0.0\"\nsystem: Answer in one short sentence, please.\n"
      "user: \"{{ question }}\"\n");
  const char* question = "Which of the two houses on the hill is the older one?";
  const PromptSize size = prompt_size(prompt, with("question", question));
  CHECK(size.own == tokens("Answer in one short sentence, please."));
  CHECK(size.inserted == tokens(question));
  CHECK(prompt_size(prompt, with("question", "")).inserted == 0);
  // What cannot be rendered has no size.
  CHECK(prompt_size(prompt, Case()).inserted == 0);
}

TEST_CASE("prompt size: defaults, tools and response format belong to the prompt") {
  const std::string head = "name: p\nversion: \"1.0.0\"\nuser: \"{{ policy }}\"\n";
  const Prompt prompt =
      prompt_of(head + "variables: {policy: \"Returns are free within thirty days.\"}\n");
  const PromptSize by_default = prompt_size(prompt, Case());
  CHECK(by_default.own == tokens("Returns are free within thirty days."));
  CHECK(by_default.inserted == 0);
  const PromptSize given = prompt_size(prompt, with("policy", "No returns."));
  CHECK(given.own == 0);
  CHECK(given.inserted == tokens("No returns."));
  const Prompt tools =
      prompt_of(head + "variables: {policy: a}\nresponse_format: {type: json_object}\n");
  CHECK(prompt_size(tools, Case()).own >
        prompt_size(prompt_of(head + "variables: {policy: a}\n"), Case()).own);
}
