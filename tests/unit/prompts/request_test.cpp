#include "prompts/request.h"

#include <doctest/doctest.h>

#include "datasets/text/yaml.h"
#include "prompts/prompt_file.h"
#include "tests/support/reference.h"

using namespace llmops;

namespace {

Prompt prompt_of(const std::string& text, const std::filesystem::path& folder = "") {
  const Source source("p.yaml", text);
  const Result<Value> value = parse_yaml(source);
  REQUIRE(value);
  Result<Prompt> prompt = read_prompt(*value, source, folder);
  CAPTURE(render(prompt.problems()));
  REQUIRE(prompt);
  return std::move(*prompt);
}

}  // namespace

TEST_CASE(
    "request: columns come before the prompt's defaults, what the case says of itself between") {
  const Prompt prompt = prompt_of(
      "system: '{{ company }}'\n"
      "messages:\n"
      "  - {role: user, content: '{{ id }} {{ context | join(\"+\") }} {{ references | length }} "
      "{{ tone }}'}\n"
      "variables: {company: Acme, tone: calm, context: [default]}\n");
  Case row;
  row.id = "c1";
  row.variables = Object{
      {"company", "Globex"}
  };
  row.context = {"a", "b"};
  Result<std::vector<Message>> messages = render_messages(prompt, row);
  REQUIRE(messages);
  REQUIRE(messages->size() == 2);
  CHECK((*messages)[0].role == "system");
  CHECK(plain_text((*messages)[0]) == "Globex");
  CHECK(plain_text((*messages)[1]) == "c1 a+b 0 calm");
  row.context.clear();
  CHECK(plain_text((*render_messages(prompt, row))[1]) == "c1 default 0 calm");
  row.variables.set("id", 7);  // a column of that name
  CHECK(plain_text((*render_messages(prompt, row))[1]) == "7 default 0 calm");
}

TEST_CASE("request: every undefined variable of a case at once") {
  const Prompt prompt = prompt_of("system: '{{ a }}'\nuser: '{{ b }}'\n");
  const Result<std::vector<Message>> messages = render_messages(prompt, Case());
  REQUIRE_FALSE(messages);
  CHECK(render(messages.problems()) ==
        "p.yaml:1:13: error: undefined variable `a`\n"
        " 1 | system: '{{ a }}'\n"
        "   |             ^\n"
        "p.yaml:2:11: error: undefined variable `b`\n"
        " 2 | user: '{{ b }}'\n"
        "   |           ^\n");
}

TEST_CASE("request: parts keep their kinds, and files count from the prompt's folder") {
  const test::TemporaryFolder folder;
  const Prompt prompt = prompt_of(
      "user:\n  - text: 'a {{ x }}'\n  - image_url: {url: 'http://h/{{ x }}', detail: low}\n  - "
      "file: 'docs/{{ x }}.pdf'\n  - b\n",
      folder.path());
  Case row;
  row.variables = Object{
      {"x", 1}
  };
  const Result<std::vector<Message>> messages = render_messages(prompt, row);
  REQUIRE(messages);
  const std::vector<Part>& parts = messages->front().parts;
  REQUIRE(parts.size() == 4);
  CHECK(parts[1].type == "image_url");
  CHECK(parts[1].content == "http://h/1");
  CHECK(parts[1].extra == Object{
                              {"detail", "low"}
  });
  CHECK(parts[2].content == (folder.path() / "docs/1.pdf").string());
  CHECK(plain_text(messages->front()) == "a 1b");
}

TEST_CASE("request: the hash is that of everything that is asked") {
  const auto hash = [](const char* text, const char* value = "v") {
    Request request;
    request.prompt = std::make_shared<Prompt>(prompt_of(text));
    Case row;
    row.variables = Object{
        {"x",      value},
        {"unused", "u"  }
    };
    request.messages = *render_messages(*request.prompt, row);
    return request_sha256(request);
  };
  const std::string base = hash("user: '{{ x }}'\nparameters: {temperature: 0, seed: 1}\n");
  CHECK(base.size() == 64);
  CHECK(hash("user: v\nparameters: {seed: 1, temperature: 0.0}\n") == base);
  CHECK(hash("user: '{{ x }}'\nname: other\nmodel: m\nparameters: {temperature: 0, seed: 1}\n") ==
        base);
  CHECK(hash("user: '{{ x }}'\nparameters: {temperature: 0, seed: 1}\n", "w") != base);
  CHECK(hash("user: '{{ x }}'\nparameters: {temperature: 0, seed: 2}\n") != base);
  CHECK(hash("system: ''\nuser: '{{ x }}'\nparameters: {temperature: 0, seed: 1}\n") != base);
  CHECK(hash("user: '{{ x }}'\nparameters: {temperature: 0, seed: 1}\nresponse_format: "
             "json_object\n") != base);
  CHECK(hash("user: '{{ x }}'\nparameters: {temperature: 0, seed: 1}\ntools: [{name: f}]\n") !=
        base);
}

TEST_CASE("request: the hash knows the content of a file part") {
  const test::TemporaryFolder folder;
  Request request;
  request.prompt = std::make_shared<Prompt>(prompt_of("user: [{file: a.txt}]\n", folder.path()));
  request.messages = *render_messages(*request.prompt, Case());
  const std::string missing = request_sha256(request);
  (void)folder.write("a.txt", "1");
  const std::string one = request_sha256(request);
  (void)folder.write("a.txt", "2");
  CHECK(one != missing);
  CHECK(request_sha256(request) != one);
}
