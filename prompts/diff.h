#pragma once
// What changed between two versions of a prompt.

#include <string>
#include <string_view>
#include <vector>

#include "prompts/prompt.h"
#include "prompts/request.h"

namespace llmops {

struct DiffSpan {
  enum class Kind { same, removed, added };
  Kind kind = Kind::same;
  std::string text;
};

// Words, runs of blanks, line breaks and single marks; the least number of them is removed and
// added (Myers 1986). Texts that have nothing to do with each other (over 2000 edits) come out as
// one removal and one addition.
std::vector<DiffSpan> word_diff(std::string_view before, std::string_view after);

struct MessageDiff {
  enum class Kind { same, changed, removed, added };
  Kind kind = Kind::same;
  std::string role;
  std::vector<DiffSpan> spans;
};
std::string_view name(MessageDiff::Kind kind);  // "changed"

// A value under a path: "parameters.temperature", "model". Null: not there.
struct FieldDiff {
  std::string path;
  Value before, after;
};

struct PromptDiff {
  std::vector<MessageDiff>
      messages;  // in the order of the newer version, what was removed where it stood
  std::vector<FieldDiff>
      fields;         // model, parameters, response format, tools, defaults, extras of messages
  bool same = false;  // one content hash and one model
};

// Messages are matched by role and order; includes are resolved.
PromptDiff diff_prompts(const Prompt& before, const Prompt& after);

// The same for rendered messages.
std::vector<MessageDiff> diff_messages(const std::vector<Message>& before,
                                       const std::vector<Message>& after);

// For people: `[-removed-]{+added+}` within messages, so that colour is never needed; with `color`,
// the same in red and green. Control characters are made visible.
std::string render(const PromptDiff& diff, bool color);
Value to_value(const PromptDiff& diff);

}  // namespace llmops
