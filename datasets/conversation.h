#pragma once
// Records that hold a conversation in one of the shapes that are in use, read as they are.

#include <string>
#include <vector>

#include "datasets/formats/format.h"

namespace llmops {

// What a record of a known shape gives besides its columns.
struct Conversation {
  std::string_view shape;  // "openai-evals", "messages", "sharegpt", "alpaca"; "": none of them
  List chat;               // {role, content} to be asked, without the wanted answer
  std::string prompt;      // text of the last user turn
  std::string system;      // text of the system turns
  std::vector<std::string> references;  // the wanted answer
};

// OpenAI evals: `input` (turns or a text) and `ideal`. Chat: `messages`, the last of which is the
// wanted answer where the assistant speaks it. ShareGPT: `conversations` of {from, value},
// likewise. Alpaca: `instruction`, `input`, `output`. A turn that is none is noted.
Conversation read_conversation(const Object& members, const RecordReader& reader,
                               Diagnostics& problems);

}  // namespace llmops
