#include "prompts/diff.h"

#include <fmt/format.h>

#include <algorithm>

#include "datasets/text/json.h"
#include "datasets/text/utf8.h"

namespace llmops {
namespace {

// A message as it is compared.
struct Plain {
  std::string role, text;
};

void add_part(Plain& to, const std::string& type, const std::string& content) {
  if (!to.text.empty() && to.text.back() != '\n') to.text += '\n';
  to.text += type == "text" ? content : fmt::format("[{}: {}]", type, content);
}

std::vector<Plain> plain(const std::vector<MessageTemplate>& messages) {
  std::vector<Plain> out;
  for (const MessageTemplate& message : messages) {
    out.push_back({message.role, ""});
    for (const PartTemplate& part : message.parts)
      add_part(out.back(), part.type, part.content.resolved());
  }
  return out;
}

std::vector<Plain> plain(const std::vector<Message>& messages) {
  std::vector<Plain> out;
  for (const Message& message : messages) {
    out.push_back({message.role, ""});
    for (const Part& part : message.parts) add_part(out.back(), part.type, part.content);
  }
  return out;
}

// Longest common subsequence of roles: which message of the one became which of the other.
std::vector<std::pair<int, int>> matched(const std::vector<Plain>& a, const std::vector<Plain>& b) {
  const std::size_t n = a.size();
  const std::size_t m = b.size();
  // Equal messages weigh more than messages of one role.
  std::vector<std::vector<int>> best(n + 1, std::vector<int>(m + 1, 0));
  const auto weight = [&](std::size_t i, std::size_t j) {
    return a[i].role != b[j].role ? 0 : a[i].text == b[j].text ? 100 : 1;
  };
  for (std::size_t i = n; i-- > 0;)
    for (std::size_t j = m; j-- > 0;) {
      best[i][j] = std::max(best[i + 1][j], best[i][j + 1]);
      if (const int gain = weight(i, j); gain > 0)
        best[i][j] = std::max(best[i][j], best[i + 1][j + 1] + gain);
    }
  std::vector<std::pair<int, int>> pairs;  // -1: no partner
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < n || j < m) {
    const bool both = i < n && j < m;
    if (both && weight(i, j) > 0 && best[i][j] == best[i + 1][j + 1] + weight(i, j))
      pairs.emplace_back(static_cast<int>(i++), static_cast<int>(j++));
    else if (i < n && (j >= m || best[i][j] == best[i + 1][j]))
      pairs.emplace_back(static_cast<int>(i++), -1);
    else
      pairs.emplace_back(-1, static_cast<int>(j++));
  }
  return pairs;
}

void compare(const std::string& path, const Value& before, const Value& after,
             std::vector<FieldDiff>& fields) {
  if (before == after) return;
  const Object* a = before.object();
  const Object* b = after.object();
  if (a == nullptr || b == nullptr) {
    fields.push_back({path, before, after});
    return;
  }
  const Value nothing;
  for (const Member& member : *a) {
    const Value* other = b->find(member.key);
    compare(path + "." + member.key, member.value, other != nullptr ? *other : nothing, fields);
  }
  for (const Member& member : *b)
    if (a->find(member.key) == nullptr)
      compare(path + "." + member.key, nothing, member.value, fields);
}

MessageDiff diff_message(const Plain* before, const Plain* after) {
  MessageDiff message;
  message.role = (after != nullptr ? after : before)->role;
  message.spans =
      word_diff(before != nullptr ? before->text : "", after != nullptr ? after->text : "");
  const bool same = std::ranges::all_of(
      message.spans, [](const DiffSpan& span) { return span.kind == DiffSpan::Kind::same; });
  message.kind = before == nullptr  ? MessageDiff::Kind::added
                 : after == nullptr ? MessageDiff::Kind::removed
                 : same             ? MessageDiff::Kind::same
                                    : MessageDiff::Kind::changed;
  return message;
}

const Plain* at(const std::vector<Plain>& messages, int i) {
  return i < 0 ? nullptr : &messages[static_cast<std::size_t>(i)];
}

std::string shown(const Value& value) {
  return value.is_null() ? "(none)" : visible(dump_json(value));
}

}  // namespace

std::string_view name(MessageDiff::Kind kind) {
  switch (kind) {
    case MessageDiff::Kind::same:
      return "same";
    case MessageDiff::Kind::changed:
      return "changed";
    case MessageDiff::Kind::removed:
      return "removed";
    case MessageDiff::Kind::added:
      break;
  }
  return "added";
}

PromptDiff diff_prompts(const Prompt& before, const Prompt& after) {
  PromptDiff diff;
  diff.same = before.sha256 == after.sha256 && before.model == after.model;
  const auto or_none = [](const std::string& text) { return text.empty() ? Value() : Value(text); };
  compare("model", or_none(before.model), or_none(after.model), diff.fields);
  compare("parameters", before.parameters, after.parameters, diff.fields);
  compare("response_format", before.response_format, after.response_format, diff.fields);
  compare("tools", before.tools, after.tools, diff.fields);
  compare("variables", before.variables, after.variables, diff.fields);
  const std::vector<Plain> a = plain(before.messages);
  const std::vector<Plain> b = plain(after.messages);
  for (const auto& [i, j] : matched(a, b)) {
    if (i >= 0 && j >= 0)
      compare(fmt::format("messages.{}", j), before.messages[static_cast<std::size_t>(i)].extra,
              after.messages[static_cast<std::size_t>(j)].extra, diff.fields);
    diff.messages.push_back(diff_message(at(a, i), at(b, j)));
  }
  return diff;
}

std::vector<MessageDiff> diff_messages(const std::vector<Message>& before,
                                       const std::vector<Message>& after) {
  const std::vector<Plain> a = plain(before);
  const std::vector<Plain> b = plain(after);
  std::vector<MessageDiff> found;
  for (const auto& [i, j] : matched(a, b)) found.push_back(diff_message(at(a, i), at(b, j)));
  return found;
}

std::string render(const PromptDiff& diff, bool color) {
  if (diff.same && diff.fields.empty()) return "no difference in what is asked\n";
  std::string out;
  for (const FieldDiff& field : diff.fields)
    out +=
        fmt::format("{}: {} -> {}\n", visible(field.path), shown(field.before), shown(field.after));
  const std::string_view red = color ? "\x1b[31m" : "";
  const std::string_view green = color ? "\x1b[32m" : "";
  const std::string_view plain = color ? "\x1b[0m" : "";
  for (const MessageDiff& message : diff.messages) {
    if (!out.empty()) out += '\n';
    out += fmt::format("{} ({})\n", visible(message.role), name(message.kind));
    if (message.kind == MessageDiff::Kind::same) continue;
    std::string text;
    for (const DiffSpan& span : message.spans) {
      const std::string shown_text = visible_lines(span.text);
      if (span.kind == DiffSpan::Kind::same) text += shown_text;
      if (span.kind == DiffSpan::Kind::removed)
        text += fmt::format("{}[-{}-]{}", red, shown_text, plain);
      if (span.kind == DiffSpan::Kind::added)
        text += fmt::format("{}{{+{}+}}{}", green, shown_text, plain);
    }
    for (std::size_t start = 0; start < text.size();) {
      const std::size_t end = std::min(text.find('\n', start), text.size());
      out += "  " + text.substr(start, end - start) + "\n";
      start = end + 1;
    }
  }
  return out;
}

Value to_value(const PromptDiff& diff) {
  List messages;
  for (const MessageDiff& message : diff.messages) {
    List spans;
    for (const DiffSpan& span : message.spans) {
      const std::string_view kind = span.kind == DiffSpan::Kind::same      ? "same"
                                    : span.kind == DiffSpan::Kind::removed ? "removed"
                                                                           : "added";
      spans.emplace_back(Object{
          {"kind", kind     },
          {"text", span.text}
      });
    }
    messages.emplace_back(Object{
        {"role",  message.role      },
        {"kind",  name(message.kind)},
        {"spans", std::move(spans)  }
    });
  }
  List fields;
  for (const FieldDiff& field : diff.fields) {
    Object one{
        {"path", field.path}
    };
    if (!field.before.is_null()) one.add("before", field.before);
    if (!field.after.is_null()) one.add("after", field.after);
    fields.emplace_back(std::move(one));
  }
  return Object{
      {"same",     diff.same          },
      {"messages", std::move(messages)},
      {"fields",   std::move(fields)  }
  };
}

}  // namespace llmops
