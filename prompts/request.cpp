#include "prompts/request.h"

namespace llmops {

std::string plain_text(const Message& message) {
  std::string text;
  for (const Part& part : message.parts)
    if (part.type == "text") text += part.content;
  return text;
}

}  // namespace llmops
