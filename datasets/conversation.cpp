#include "datasets/conversation.h"

#include <fmt/format.h>

#include <optional>

#include "datasets/text/json.h"

namespace llmops {
namespace {

// The text of a turn: a text, or the text parts of a list of parts.
std::string content_text(const Value& content) {
  const List* parts = content.list();
  if (parts == nullptr) return to_text(content);
  std::string text;
  for (const Value& part : *parts)
    if (const Value* piece = part.find("text"); piece != nullptr && piece->is_string())
      text += *piece->string();
  return text;
}

std::string_view role_of(std::string_view from) {
  struct Name {
    std::string_view theirs;
    std::string_view role;
  };
  // What ShareGPT files call the speakers.
  constexpr Name kNames[] = {
      {"human",         "user"     },
      {"user",          "user"     },
      {"gpt",           "assistant"},
      {"assistant",     "assistant"},
      {"chatgpt",       "assistant"},
      {"bing",          "assistant"},
      {"bard",          "assistant"},
      {"model",         "assistant"},
      {"system",        "system"   },
      {"tool",          "tool"     },
      {"function_call", "assistant"},
      {"observation",   "tool"     }
  };
  for (const Name& name : kNames)
    if (name.theirs == from) return name.role;
  return "";
}

struct Turns {
  std::string_view column, speaker, content;
};

bool looks_like_turns(const Value* value, const Turns& names) {
  const List* turns = value == nullptr ? nullptr : value->list();
  return turns != nullptr && !turns->empty() && turns->front().find(names.speaker) != nullptr;
}

// Reads turns into `chat`; false where one of them is no turn, which is noted.
bool read_turns(const List& turns, const Turns& names, const RecordReader& reader,
                Diagnostics& problems, List& chat) {
  for (std::size_t i = 0; i < turns.size(); ++i) {
    const Value* speaker = turns[i].find(names.speaker);
    const std::string path = fmt::format("/{}/{}", names.column, i);
    if (speaker == nullptr || !speaker->is_string()) {
      problems.push_back(reader.problem(
          path, fmt::format("turn {} of `{}` has no `{}`", i + 1, names.column, names.speaker),
          fmt::format("expected a mapping with `{}` and `{}`", names.speaker, names.content)));
      return false;
    }
    const bool sharegpt = names.speaker == "from";
    const std::string_view role =
        sharegpt ? role_of(*speaker->string()) : std::string_view(*speaker->string());
    if (role.empty()) {
      problems.push_back(reader.problem(path + "/from",
                                        fmt::format("unknown speaker `{}`", *speaker->string()),
                                        "expected one of: gpt, human, system, tool"));
      return false;
    }
    Object turn;
    turn.add("role", role);
    if (sharegpt) {
      const Value* content = turns[i].find(names.content);
      turn.add("content", content == nullptr ? Value("") : *content);
    } else {
      for (const Member& member : *turns[i].object())
        if (member.key != "role") turn.add(member.key, member.value);
    }
    chat.push_back(std::move(turn));
  }
  return true;
}

std::string turn_text(const Value& turn) {
  const Value* content = turn.find("content");
  return content == nullptr ? "" : content_text(*content);
}

// Takes the wanted answer off the end.
void take_answer(Conversation& found) {
  if (found.chat.size() < 2) return;
  const Value& last = found.chat.back();
  if (to_text(*last.find("role")) != "assistant") return;
  const Value* calls = last.find("tool_calls");
  std::string answer = turn_text(last);
  if (answer.empty() && calls != nullptr) answer = dump_json(*calls);
  found.references.push_back(std::move(answer));
  found.chat.pop_back();
}

void take_texts(Conversation& found) {
  for (const Value& turn : found.chat) {
    const std::string role = to_text(*turn.find("role"));
    if (role == "user") found.prompt = turn_text(turn);
    if (role == "system" || role == "developer") {
      if (!found.system.empty()) found.system += "\n\n";
      found.system += turn_text(turn);
    }
  }
}

Value user_turn(std::string text) {
  return Object{
      {"role",    "user"         },
      {"content", std::move(text)}
  };
}

std::optional<Conversation> openai_evals(const Object& members, const RecordReader& reader,
                                         Diagnostics& problems) {
  constexpr Turns kNames{"input", "role", "content"};
  const Value* input = members.find("input");
  const Value* ideal = members.find("ideal");
  if (input == nullptr || ideal == nullptr) return std::nullopt;
  Conversation found{
      .shape = "openai-evals", .chat = {}, .prompt = {}, .system = {}, .references = {}};
  if (looks_like_turns(input, kNames)) {
    if (!read_turns(*input->list(), kNames, reader, problems, found.chat)) return Conversation{};
    take_texts(found);
  } else if (input->is_string()) {
    found.prompt = *input->string();
    found.chat.push_back(user_turn(found.prompt));
  } else {
    return std::nullopt;
  }
  if (const List* several = ideal->list())
    for (const Value& each : *several) found.references.push_back(to_text(each));
  else if (!ideal->is_null())
    found.references.push_back(to_text(*ideal));
  return found;
}

std::optional<Conversation> turns(const Object& members, const Turns& names, std::string_view shape,
                                  const RecordReader& reader, Diagnostics& problems) {
  const Value* column = members.find(names.column);
  if (!looks_like_turns(column, names)) return std::nullopt;
  Conversation found{.shape = shape, .chat = {}, .prompt = {}, .system = {}, .references = {}};
  const Value* system = members.find("system");
  if (system != nullptr && system->is_string() && !system->string()->empty())
    found.chat.push_back(Object{
        {"role",    "system"},
        {"content", *system }
    });
  if (!read_turns(*column->list(), names, reader, problems, found.chat)) return Conversation{};
  take_answer(found);
  take_texts(found);
  return found;
}

std::optional<Conversation> alpaca(const Object& members) {
  const Value* instruction = members.find("instruction");
  const Value* input = members.find("input");
  const Value* output = members.find("output");
  if (instruction == nullptr || output == nullptr || !instruction->is_string() ||
      !output->is_string())
    return std::nullopt;
  if (input != nullptr && !input->is_string() && !input->is_null()) return std::nullopt;
  Conversation found{.shape = "alpaca",
                     .chat = {},
                     .prompt = *instruction->string(),
                     .system = {},
                     .references = {*output->string()}};
  if (input != nullptr && input->is_string() && !input->string()->empty())
    found.prompt += "\n\n" + *input->string();
  found.chat.push_back(user_turn(found.prompt));
  return found;
}

}  // namespace

Conversation read_conversation(const Object& members, const RecordReader& reader,
                               Diagnostics& problems) {
  constexpr Turns kMessages{"messages", "role", "content"};
  constexpr Turns kShareGpt{"conversations", "from", "value"};
  constexpr Turns kConversations{"conversations", "role", "content"};
  if (auto found = openai_evals(members, reader, problems)) return *std::move(found);
  if (auto found = turns(members, kMessages, "messages", reader, problems))
    return *std::move(found);
  if (auto found = turns(members, kShareGpt, "sharegpt", reader, problems))
    return *std::move(found);
  if (auto found = turns(members, kConversations, "messages", reader, problems))
    return *std::move(found);
  if (auto found = alpaca(members)) return *std::move(found);
  return {};
}

}  // namespace llmops
