#include "cli/rendered.h"

#include <fmt/format.h>

#include "datasets/text/json.h"
#include "datasets/text/utf8.h"
#include "prompts/prompt_file.h"
#include "prompts/registry.h"

namespace llmops {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kMostIds = 10000;  // that a misspelt one is held against

void add_part(RenderedMessage& message, RenderedPart part, const TokenCounter& counter) {
  if (part.type == "text") part.tokens = counter.count(part.content);
  message.tokens += part.tokens;
  message.parts.push_back(std::move(part));
}

void add_message(Rendered& rendered, RenderedMessage message) {
  rendered.tokens += message.tokens;
  rendered.messages.push_back(std::move(message));
}

std::string indented(std::string_view text) {
  std::string out;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    out += end > start ? fmt::format("  {}\n", text.substr(start, end - start)) : "\n";
    start = end + 1;
  }
  return out;
}

}  // namespace

Result<Prompt> named_prompt(const std::string& reference, const fs::path& folder) {
  std::error_code none;
  if (fs::is_regular_file(reference, none)) return load_prompt(reference);
  const std::size_t at = reference.rfind('@');
  if (at != std::string::npos) {
    const fs::path file = reference.substr(0, at);
    const bool here = fs::is_regular_file(file, none) && !fs::exists(folder / file, none) &&
                      !fs::exists(folder / "prompts" / file, none);
    if (here && file.has_extension()) return find_prompt(reference, ".");
  }
  return find_prompt(reference, folder);
}

std::string called(const Prompt& prompt) {
  std::string text = prompt.name;
  if (!prompt.version.empty()) text += "@" + prompt.version;
  if (!prompt.revision.empty()) text += fmt::format(" ({})", prompt.revision.substr(0, 12));
  return text;
}

Result<std::shared_ptr<const TokenCounter>> open_counter(const std::string& path) {
  if (path.empty())
    return std::shared_ptr<const TokenCounter>(&token_estimate(), [](const TokenCounter*) {});
  Result<std::unique_ptr<const TokenCounter>> counter = load_token_counter(path);
  if (!counter) return counter.problems();
  return std::shared_ptr<const TokenCounter>(*std::move(counter));
}

Result<Case> find_case(const Dataset& dataset, const std::optional<std::string>& id) {
  Case row;
  std::vector<std::string> ids;
  for (const auto cases = dataset.cases(); cases->next(row);) {
    if (!id || row.id == *id) return row;
    if (ids.size() < kMostIds) ids.push_back(row.id);
  }
  if (!id) return problem(fmt::format("{} holds no case", dataset.info().path));
  const std::vector<std::string_view> choices(ids.begin(), ids.end());
  return problem(fmt::format("{} has no case `{}`", dataset.info().path, *id),
                 ids.empty()
                     ? ""
                     : fmt::format("its {} cases begin with {}", dataset.info().cases, ids.front()),
                 did_you_mean(*id, choices));
}

Result<Rendered> render_case(const Prompt& prompt, const Case& row, const TokenCounter& counter) {
  Result<std::vector<Message>> messages = render_messages(prompt, row);
  if (!messages) return messages.problems();
  Rendered rendered;
  for (Message& message : *messages) {
    RenderedMessage made{std::move(message.role), {}, std::move(message.extra)};
    for (Part& part : message.parts)
      add_part(made, {std::move(part.type), std::move(part.content), std::move(part.extra)},
               counter);
    add_message(rendered, std::move(made));
  }
  return rendered;
}

Rendered unfilled(const Prompt& prompt, const TokenCounter& counter) {
  Rendered rendered;
  for (const MessageTemplate& message : prompt.messages) {
    RenderedMessage made{message.role, {}, message.extra};
    for (const PartTemplate& part : message.parts)
      add_part(made, {part.type, part.content.resolved(), part.extra}, counter);
    add_message(rendered, std::move(made));
  }
  return rendered;
}

Value to_value(const Rendered& rendered) {
  List messages;
  for (const RenderedMessage& message : rendered.messages) {
    List parts;
    for (const RenderedPart& part : message.parts) {
      Object one{
          {"type",    part.type   },
          {"content", part.content}
      };
      if (part.type == "text") one.add("tokens", static_cast<std::int64_t>(part.tokens));
      for (const Member& member : part.extra) one.add(member.key, member.value);
      parts.push_back(std::move(one));
    }
    Object one{
        {"role",   message.role                             },
        {"parts",  std::move(parts)                         },
        {"tokens", static_cast<std::int64_t>(message.tokens)}
    };
    for (const Member& member : message.extra) one.add(member.key, member.value);
    messages.push_back(std::move(one));
  }
  return Object{
      {"messages", std::move(messages)                       },
      {"tokens",   static_cast<std::int64_t>(rendered.tokens)}
  };
}

std::string to_screen(const Rendered& rendered) {
  std::string out;
  for (const RenderedMessage& message : rendered.messages) {
    out += fmt::format("{}{} ({} token{})\n", out.empty() ? "" : "\n", visible(message.role),
                       message.tokens, message.tokens == 1 ? "" : "s");
    for (const Member& member : message.extra)
      out += fmt::format("  {}: {}\n", visible(member.key), visible(dump_json(member.value)));
    for (const RenderedPart& part : message.parts) {
      if (part.type == "text" && message.parts.size() > 1)
        out += fmt::format("  [text, {} tokens]\n", part.tokens);
      else if (part.type != "text")
        out += fmt::format("  [{}]\n", visible(part.type));
      out += indented(visible_lines(part.content));
      for (const Member& member : part.extra)
        out += fmt::format("  {}: {}\n", visible(member.key), visible(dump_json(member.value)));
    }
  }
  return out;
}

std::string token_text(std::size_t tokens, const TokenCounter& counter) {
  return fmt::format("{}{} token{}", counter.estimated() ? "about " : "", tokens,
                     tokens == 1 ? "" : "s");
}

}  // namespace llmops
