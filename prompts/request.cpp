#include "prompts/request.h"

#include <algorithm>
#include <array>

#include "datasets/text/files.h"
#include "datasets/text/hash.h"
#include "prompts/canonical.h"

namespace llmops {
namespace fs = std::filesystem;
namespace {

constexpr std::array<std::string_view, 3> kOfTheCase = {"id", "references", "context"};

bool uses_case_fields(const Prompt& prompt) {
  for (const MessageTemplate& message : prompt.messages)
    for (const PartTemplate& part : message.parts)
      for (const std::string& name : part.content.variables())
        if (std::ranges::find(kOfTheCase, name) != kOfTheCase.end()) return true;
  return false;
}

List texts(const std::vector<std::string>& from) { return List(from.begin(), from.end()); }

}  // namespace

Result<std::vector<Message>> render_messages(const Prompt& prompt, const Case& row) {
  // Columns, then what the case says of itself, then the prompt's defaults, then what the case
  // leaves empty.
  Object given, empty;
  std::vector<const Object*> scopes = {&row.variables, &prompt.variables};
  if (uses_case_fields(prompt)) {
    given.add("id", row.id);
    (row.references.empty() ? empty : given).add("references", texts(row.references));
    (row.context.empty() ? empty : given).add("context", texts(row.context));
    scopes = {&row.variables, &given, &prompt.variables, &empty};
  }
  Diagnostics problems;
  std::vector<Message> messages;
  messages.reserve(prompt.messages.size());
  for (const MessageTemplate& message : prompt.messages) {
    Message& made = messages.emplace_back();
    made.role = message.role;
    made.extra = message.extra;
    made.parts.reserve(message.parts.size());
    for (const PartTemplate& part : message.parts) {
      Result<std::string> content = part.content.render(scopes);
      if (!content) {
        append(problems, content.problems());
        continue;
      }
      if (part.type == "file" && fs::path(*content).is_relative())
        *content = (prompt.folder / *content).lexically_normal().string();
      made.parts.push_back({part.type, std::move(*content), part.extra});
    }
  }
  if (!problems.empty()) return problems;
  return messages;
}

std::string plain_text(const Message& message) {
  std::string text;
  for (const Part& part : message.parts)
    if (part.type == "text") text += part.content;
  return text;
}

std::string request_sha256(const Request& request) {
  List messages;
  for (const Message& message : request.messages) {
    List parts;
    for (const Part& part : message.parts) {
      Object fields{
          {"type",    part.type   },
          {"content", part.content},
          {"extra",   part.extra  }
      };
      if (part.type == "file")  // what the file holds is asked, not what it is called
        if (const Result<Source> source = read_source(part.content))
          fields.set("content", sha256(source->text()));
      parts.emplace_back(std::move(fields));
    }
    messages.emplace_back(Object{
        {"role",  message.role    },
        {"parts", std::move(parts)},
        {"extra", message.extra   }
    });
  }
  Object asked{
      {"messages", std::move(messages)}
  };
  if (request.prompt != nullptr) {
    asked.add("parameters", request.prompt->parameters);
    asked.add("response_format", request.prompt->response_format);
    asked.add("tools", request.prompt->tools);
  }
  return sha256(canonical_json(asked));
}

}  // namespace llmops
