// A prompt file is read or every problem has its place; what was read renders or says why not.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "datasets/text/yaml.h"
#include "prompts/prompt_file.h"
#include "prompts/request.h"

using namespace llmops;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Source source("p.yaml", std::string(reinterpret_cast<const char*>(data), size));
  const Result<Value> value = parse_yaml(source);
  if (!value) return 0;
  const Result<Prompt> prompt = read_prompt(*value, source, "/nonexistent");
  if (!prompt) {
    if (render(prompt.problems()).empty()) std::abort();
    return 0;
  }
  if (prompt->sha256.size() != 64) std::abort();
  Case row;
  row.variables = Object{
      {"question", "q {{ x }}"},
      {"list",     List{1, 2} }
  };
  Request request;
  request.prompt = std::make_shared<Prompt>(*prompt);
  Result<std::vector<Message>> messages = render_messages(*prompt, row);
  if (!messages) return messages.problems().empty() ? (std::abort(), 0) : 0;
  request.messages = std::move(*messages);
  if (request_sha256(request).size() != 64) std::abort();
  return 0;
}
