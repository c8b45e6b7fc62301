#include "prompts/prompt_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "datasets/text/fields.h"
#include "datasets/text/json.h"
#include "datasets/text/utf8.h"
#include "datasets/text/yaml.h"
#include "prompts/canonical.h"
#include "prompts/parameters.h"
#include "prompts/prompt_folder.h"
#include "prompts/version.h"

namespace llmops {
namespace fs = std::filesystem;
namespace {

constexpr std::array<std::string_view, 4> kRoles = {"system", "user", "assistant", "tool"};
constexpr std::array<std::string_view, 3> kPartTypes = {"text", "image_url", "file"};

class Reader {
 public:
  Reader(const Value& value, const Source& source, PromptFolder folder, bool versioned,
         Diagnostics& problems)
      : fields_(value, source, problems, "the prompt"),
        value_(value),
        source_(source),
        folder_(std::move(folder)),
        versioned_(versioned),
        problems_(problems) {}

  Prompt read() {
    Prompt prompt;
    prompt.folder = folder_.folder();
    prompt.name = read_name();
    prompt.version = read_version();
    prompt.model = fields_.text("model").value_or("");
    prompt.created = fields_.text("created").value_or("");
    prompt.author = fields_.text("author").value_or("");
    prompt.changelog = fields_.text("changelog").value_or("");
    prompt.intended_use = fields_.text("intended_use").value_or("");
    prompt.limits = fields_.text("limits").value_or("");
    read_messages(prompt);
    if (const Value* parameters = fields_.mapping("parameters"))
      prompt.parameters = read_parameters(*parameters, source_, problems_);
    prompt.response_format = read_response_format();
    prompt.tools = read_tools();
    if (const Value* variables = fields_.mapping("variables"))
      prompt.variables = *variables->object();
    if (const Value* metrics = fields_.mapping("eval_metrics"))
      prompt.eval_metrics = *metrics->object();
    fields_.finish();
    return prompt;
  }

 private:
  std::string read_name() {
    const std::string name = versioned_ && value_.is_object()
                                 ? fields_.required_text("name")
                                 : fields_.text("name").value_or("inline");
    constexpr std::string_view kAllowed =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/";
    if (name.find_first_not_of(kAllowed) != std::string::npos)
      fields_.error(fields_.mark("name"), fmt::format("`name` is `{}`", name),
                    "expected letters, digits and the marks . _ - /", "", code_points(name));
    return name;
  }

  std::string read_version() {
    const Value* given = fields_.value("version");
    if (given == nullptr) {
      if (versioned_) fields_.missing("version", "write `version: \"1.0.0\"`");
      return "";
    }
    if (given->is_number()) {
      const std::string_view line = source_.line(given->mark().line);
      std::string written(
          line.substr(std::min<std::size_t>(line.size(), given->mark().column - 1)));
      written = written.substr(0, written.find_first_of(" #,}"));
      fields_.error(given->mark(), fmt::format("`version` is the number {}", written),
                    "expected a semantic version in quotes: \"1.0.0\"",
                    fmt::format("YAML reads it as {}: write `version: \"{}{}\"`", dump_json(*given),
                                written, given->is_integer() ? ".0.0" : ".0"),
                    code_points(written));
      return "";
    }
    const std::string* text = given->string();
    if (text != nullptr && parse_version(*text)) return *text;
    fields_.error(given->mark(), fmt::format("`version` is {}", dump_json(*given)),
                  "expected a semantic version: \"1.0.0\"",
                  text != nullptr ? version_help(*text) : "", code_points(to_text(*given)));
    return "";
  }

  std::optional<Template> compile(const Value& text) {
    const IncludeLoader include = [this](const std::string& path) { return folder_.include(path); };
    Result<Template> made = Template::compile(to_text(text), source_, text.mark(), include);
    if (made) return std::move(*made);
    append(problems_, made.problems());
    return std::nullopt;
  }

  // `system:` comes first, then `user:` or `messages:`.
  void read_messages(Prompt& prompt) {
    const Value* system = fields_.value("system");
    const Value* user = fields_.value("user");
    const Value* messages = fields_.value("messages");
    if (system != nullptr) add_message("system", *system, prompt);
    if (user != nullptr && messages != nullptr)
      fields_.error(fields_.key_mark("messages"), "`user` and `messages` stand side by side",
                    "expected one of the two", "write the user's turn as the last of `messages`",
                    8);
    if (user != nullptr) add_message("user", *user, prompt);
    if (messages != nullptr) {
      const List* turns = messages->list();
      if (turns == nullptr || turns->empty()) {
        fields_.error(messages->mark(),
                      turns == nullptr ? fmt::format("`messages` is a {}", messages->kind())
                                       : "`messages` is empty",
                      "expected a list of {role, content}");
        return;
      }
      for (const Value& turn : *turns) read_message(turn, system != nullptr, prompt);
    } else if (user == nullptr && value_.is_object()) {
      fields_.error(value_.mark(), "the prompt asks nothing",
                    "expected the key `user` or the key `messages`");
    }
  }

  void read_message(const Value& turn, bool has_system, Prompt& prompt) {
    Fields fields(turn, source_, problems_, "a message");
    if (!turn.is_object()) return;
    const auto role = fields.one_of("role", kRoles);
    if (!fields.has("role"))
      fields.missing("role", "the roles are system, user, assistant and tool");
    if (role == "system" && has_system)
      fields.error(fields.mark("role"), "a second system message",
                   "expected `system:` or a message with the role system", "keep one of the two",
                   6);
    Object extra;
    for (const std::string_view key : {"name", "tool_call_id"})
      if (const auto text = fields.text(key)) extra.set(key, *text);
    if (const Value* calls = fields.list("tool_calls")) extra.set("tool_calls", *calls);
    const Value* content = fields.value("content");
    const bool calls_tools = role == "assistant" && extra.find("tool_calls") != nullptr;
    if (content == nullptr && !calls_tools) fields.missing("content");
    if (role == "tool" && extra.find("tool_call_id") == nullptr)
      fields.missing("tool_call_id", "it names the call that this message answers");
    fields.finish();
    MessageTemplate message;
    message.role = role.value_or("user");
    message.extra = std::move(extra);
    if (content != nullptr) read_content(*content, message);
    prompt.messages.push_back(std::move(message));
  }

  void add_message(std::string role, const Value& content, Prompt& prompt) {
    MessageTemplate message;
    message.role = std::move(role);
    read_content(content, message);
    prompt.messages.push_back(std::move(message));
  }

  void read_content(const Value& content, MessageTemplate& message) {
    if (const List* parts = content.list()) {
      for (const Value& part : *parts) read_part(part, message);
      return;
    }
    if (!content.is_string() && !content.is_number()) {
      fields_.error(content.mark(), fmt::format("the content of a message is a {}", content.kind()),
                    "expected a text or a list of parts",
                    content.is_object() ? "a text that starts with `{` needs quotes" : "");
      return;
    }
    if (auto text = compile(content)) message.parts.push_back({"text", std::move(*text), {}});
  }

  // {type: text, text: ...}, {type: image_url, image_url: ... | {url, detail}}, {type: file, file:
  // ... | {path, media_type}}; `type` may be left out; a bare text is a text part.
  void read_part(const Value& part, MessageTemplate& message) {
    if (part.is_string()) return read_content(part, message);
    Fields fields(part, source_, problems_, "a part");
    if (!part.is_object()) return;
    auto type = fields.one_of("type", kPartTypes);
    if (!fields.has("type"))
      for (const std::string_view each : kPartTypes)
        if (fields.has(each)) type = each;
    if (!type) {
      if (!fields.has("type")) fields.missing("type", "the types are text, image_url and file");
      return;
    }
    const Value* content = fields.value(*type);
    Object extra;
    if (content != nullptr && content->is_object() && *type != "text") {
      const bool image = *type == "image_url";
      Fields inner(*content, source_, problems_, image ? "an image" : "a file");
      const std::string_view option = image ? "detail" : "media_type";
      if (const auto text = inner.text(option)) extra.set(option, *text);
      const Value* address = inner.value(image ? "url" : "path");
      if (address == nullptr) inner.missing(image ? "url" : "path");
      inner.finish();
      content = address;
      if (content == nullptr) return;
    }
    fields.finish();
    if (content == nullptr) return fields.missing(*type);
    if (!content->is_string() && !content->is_number())
      return fields.error(content->mark(), fmt::format("`{}` is a {}", *type, content->kind()),
                          "expected a text");
    if (auto text = compile(*content))
      message.parts.push_back({*type, std::move(*text), std::move(extra)});
  }

  // A value as it stands, or the content of the file that it names.
  Value read_in(const Value& value, std::string_view key) {
    const std::string* path = value.string();
    if (path == nullptr) return value;
    Result<Value> content = folder_.data(*path);
    if (content) return std::move(*content);
    for (const Diagnostic& found : content.problems()) {
      if (found.line > 0)
        problems_.push_back(found);
      else
        fields_.error(value.mark(), fmt::format("`{}`: {}: {}", key, *path, found.what), "",
                      found.help, code_points(*path));
    }
    return {};
  }

  Value read_response_format() {
    const Value* given = fields_.value("response_format");
    if (given == nullptr) return {};
    constexpr std::array<std::string_view, 3> kTypes = {"json_object", "json_schema", "text"};
    if (given->is_string()) {
      const auto type = fields_.one_of("response_format", kTypes);
      if (type == "json_schema")
        fields_.error(given->mark(), "`json_schema` without a schema",
                      "expected {json_schema: FILE}", "", 11);
      return type == "json_object" ? Value(Object{
                                         {"type", *type}
      })
                                   : Value();
    }
    Fields fields(*given, source_, problems_, "`response_format`");
    if (!given->is_object()) return {};
    const Value* schema = fields.value("json_schema");
    const auto type = fields.one_of("type", kTypes);
    const auto name = fields.text("name");
    const auto strict = fields.boolean("strict");
    fields.finish();
    if (schema == nullptr) {
      if (type == "json_schema") fields.missing("json_schema");
      if (!type && !fields.has("type"))
        fields.missing("json_schema", "or write `type: json_object`");
      return type == "json_object" ? Value(Object{
                                         {"type", *type}
      })
                                   : Value();
    }
    Value content = read_in(*schema, "json_schema");
    if (content.is_null()) return {};
    if (!content.is_object()) {
      fields.error(schema->mark(), fmt::format("the schema is a {}", content.kind()),
                   "expected a mapping");
      return {};
    }
    Object wrapped;
    const bool whole = content.find("schema") != nullptr && content.find("schema")->is_object() &&
                       content.find("type") == nullptr;
    if (whole)
      wrapped = *content.object();  // {name, schema, strict} as the API writes it
    else
      wrapped.set("schema", std::move(content));
    if (name) wrapped.set("name", *name);
    if (strict) wrapped.set("strict", *strict);
    if (wrapped.find("name") == nullptr) wrapped.set("name", schema_name(*schema));
    return Object{
        {"type",        "json_schema"     },
        {"json_schema", std::move(wrapped)}
    };
  }

  // The API wants a name of letters, digits, _ and -.
  static std::string schema_name(const Value& schema) {
    std::string name = schema.is_string() ? fs::path(*schema.string()).stem().string() : "answer";
    for (char& c : name)
      if (!std::isalnum(static_cast<unsigned char>(c)) && c != '_' && c != '-') c = '_';
    return name;
  }

  Value read_tools() {
    const Value* given = fields_.value("tools");
    if (given == nullptr) return {};
    const Value content = read_in(*given, "tools");
    if (content.is_null()) return {};
    const List* items = content.list();
    const auto wrong = [&](const Value& at, std::string what) {
      fields_.error(at.mark().line > 0 && given->is_list() ? at.mark() : given->mark(),
                    std::move(what), "expected a list of {name, description, parameters}");
    };
    if (items == nullptr) {
      wrong(*given, fmt::format("`tools` is a {}", content.kind()));
      return {};
    }
    List tools;
    for (const Value& item : *items) {
      const Value* function = item.find("function");
      if (function != nullptr) {
        if (const Value* name = function->find("name"); name == nullptr || !name->is_string())
          wrong(item, "a tool has no `name`");
        tools.push_back(item);
        continue;
      }
      const Value* name = item.find("name");
      if (name == nullptr || !name->is_string()) {
        const Value* type = item.find("type");
        if (type == nullptr)
          wrong(item, item.is_object() ? "a tool has no `name`"
                                       : fmt::format("a tool is a {}", item.kind()));
        tools.push_back(item);  // a tool of the provider's own: {type: web_search}
        continue;
      }
      Object inner;
      for (const Member& member : *item.object())
        if (member.key != "type")
          inner.add(member.key == "input_schema" ? "parameters" : member.key, member.value);
      tools.emplace_back(Object{
          {"type",     "function"      },
          {"function", std::move(inner)}
      });
    }
    return tools;
  }

  Fields fields_;
  const Value& value_;
  const Source& source_;
  PromptFolder folder_;
  bool versioned_;
  Diagnostics& problems_;
};

Result<Prompt> read(const Value& value, const Source& source, PromptFolder folder, bool versioned) {
  Diagnostics problems;
  Prompt prompt = Reader(value, source, std::move(folder), versioned, problems).read();
  if (has_errors(problems)) return problems;
  prompt.sha256 = content_sha256(prompt);
  return {std::move(prompt), std::move(problems)};
}

// `user: {{ question }}` without quotes is a mapping to YAML; what it says about that helps nobody.
Diagnostics explained(Diagnostics problems) {
  for (Diagnostic& each : problems)
    if (each.line_text.find("{{") != std::string::npos && each.help.empty())
      each.help = "a text that starts with `{{` needs quotes: \"{{ question }}\"";
  return problems;
}

}  // namespace

Result<Prompt> load_prompt(const fs::path& file, const FileTree& tree) {
  constexpr std::size_t kLargestPrompt = 16U << 20;
  const Result<Source> source = tree.read(file, kLargestPrompt);
  if (!source) return source.problems();
  const Result<Value> value = parse_yaml(*source);
  if (!value) return explained(value.problems());
  Result<Prompt> prompt = read(*value, *source, PromptFolder::of_file(file, tree), true);
  if (!prompt) return prompt;
  prompt->file = file;
  const std::string stem = file.stem().string();
  if (parse_version(stem) && stem != prompt->version) {
    const Value* version = value->find("version");
    return source->problem(version->mark(),
                           fmt::format("`version` is {} in a file named {}", prompt->version,
                                       file.filename().string()),
                           fmt::format("expected {}", stem),
                           "a version keeps its file; a new one gets a new file",
                           prompt->version.size());
  }
  return prompt;
}

Result<Prompt> read_prompt(const Value& value, const Source& source, const fs::path& folder) {
  return read(value, source, PromptFolder::of_folder(folder), false);
}

}  // namespace llmops
