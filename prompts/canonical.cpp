#include "prompts/canonical.h"

#include <algorithm>
#include <cmath>

#include "datasets/text/hash.h"
#include "datasets/text/json.h"

namespace llmops {

void append_canonical(const Value& value, std::string& out) {
  if (const List* items = value.list()) {
    out += '[';
    for (std::size_t i = 0; i < items->size(); ++i) {
      if (i > 0) out += ',';
      append_canonical((*items)[i], out);
    }
    out += ']';
  } else if (const Object* members = value.object()) {
    std::vector<const Member*> sorted;
    for (const Member& member : *members) sorted.push_back(&member);
    std::ranges::stable_sort(
        sorted, {}, [](const Member* member) -> const std::string& { return member->key; });
    out += '{';
    for (std::size_t i = 0; i < sorted.size(); ++i) {
      if (i > 0) out += ',';
      dump_json_string(sorted[i]->key, out);
      out += ':';
      append_canonical(sorted[i]->value, out);
    }
    out += '}';
  } else if (value.is_number() && !value.is_integer() &&
             std::floor(value.number()) == value.number() && std::abs(value.number()) < 9.0e15) {
    dump_json(Value(static_cast<std::int64_t>(value.number())), out);
  } else {
    dump_json(value, out);
  }
}

std::string canonical_json(const Value& value) {
  std::string out;
  append_canonical(value, out);
  return out;
}

std::string content_sha256(const Prompt& prompt) {
  List messages;
  for (const MessageTemplate& message : prompt.messages) {
    List parts;
    for (const PartTemplate& part : message.parts)
      parts.emplace_back(Object{
          {"type",    part.type              },
          {"content", part.content.resolved()},
          {"extra",   part.extra             }
      });
    messages.emplace_back(Object{
        {"role",  message.role    },
        {"parts", std::move(parts)},
        {"extra", message.extra   }
    });
  }
  return sha256(canonical_json(Object{
      {"messages",        std::move(messages)   },
      {"parameters",      prompt.parameters     },
      {"response_format", prompt.response_format},
      {"tools",           prompt.tools          },
      {"variables",       prompt.variables      }
  }));
}

}  // namespace llmops
