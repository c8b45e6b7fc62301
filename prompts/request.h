#pragma once
#include <memory>
#include <string>
#include <vector>

#include "datasets/case.h"
#include "datasets/text/result.h"
#include "prompts/prompt.h"

namespace llmops {

struct Part {
  std::string type = "text";  // text | image_url | file
  std::string content;
  Object extra;
};

struct Message {
  std::string role;
  std::vector<Part> parts;
  Object extra;
};

// A Prompt rendered with a Case: what one model call asks.
struct Request {
  std::shared_ptr<const Case> row;
  int sample = 0;  // 0-based number of the output for this case
  std::vector<Message> messages;
  std::shared_ptr<const Prompt> prompt;  // parameters, tools, response format
};

// The messages of a prompt for a case. The case's variables come before the prompt's defaults;
// `id`, `references` and `context` of the case are visible where no column has that name.
Result<std::vector<Message>> render_messages(const Prompt& prompt, const Case& row);

// The content of a message as one text (non-text parts are left out).
std::string plain_text(const Message& message);

// Stable hash of everything that is asked (messages, parameters, tools, response format).
std::string request_sha256(const Request& request);

}  // namespace llmops
