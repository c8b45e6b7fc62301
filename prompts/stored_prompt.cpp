#include "prompts/stored_prompt.h"

namespace llmops {
namespace {

Value part_value(const PartTemplate& part) {
  if (part.type == "text" || part.extra.empty())
    return Object{
        {"type",    part.type              },
        {part.type, part.content.resolved()}
    };
  Object content{
      {part.type == "file" ? "path" : "url", part.content.resolved()}
  };
  for (const Member& member : part.extra) content.add(member.key, member.value);
  return Object{
      {"type",    part.type         },
      {part.type, std::move(content)}
  };
}

}  // namespace

Value stored_prompt(const Prompt& prompt) {
  List messages;
  for (const MessageTemplate& message : prompt.messages) {
    List parts;
    for (const PartTemplate& part : message.parts) parts.push_back(part_value(part));
    Object one{
        {"role",    message.role    },
        {"content", std::move(parts)}
    };
    for (const Member& member : message.extra) one.add(member.key, member.value);
    messages.push_back(std::move(one));
  }
  Object out{
      {"name",     prompt.name        },
      {"messages", std::move(messages)}
  };
  if (!prompt.variables.empty()) out.add("variables", prompt.variables);
  return out;
}

}  // namespace llmops
