// Any JSON endpoint: a template for the request, paths into the answer.
//
//   model:
//     provider: http
//     base_url: http://127.0.0.1:8080/ask
//     request: {query: "{{ question }}", history: "{{ messages }}", top_k: 3}
//     output: /answer/text
//
// Texts in `request` are templates over the case's variables, and over `prompt` (the text of the
// last user message), `system`, `messages` and `parameters`. A text that is nothing but one
// variable becomes that value, whatever its kind.
#include <fmt/format.h>

#include "datasets/text/json.h"
#include "evaluators/providers/chat_request.h"
#include "evaluators/providers/http_faults.h"
#include "evaluators/providers/http_model.h"

namespace llmops {
namespace {

struct Paths {
  std::string output;
  std::optional<std::string> stream_output, input_tokens, output_tokens, cached_tokens,
      finish_reason, model, error, tool_calls, steps, context;
};

class PathReader final : public AnswerReader {
 public:
  explicit PathReader(const Paths& paths) : paths_(paths) {}

  EventGain on_event(std::string_view, std::string_view data) override {
    if (data == "[DONE]") {
      done_ = true;
      return {};
    }
    const Result<Value> event = parse_json(data, "stream");
    if (!event) {
      fault_ = {ErrorClass::bad_json, "an event of the stream is " + event.problems()[0].what};
      return {};
    }
    const std::size_t before = text_.size();
    read(*event, paths_.stream_output.value_or(paths_.output));
    return {.payload = text_.size() > before};
  }
  void on_document(std::string_view body) override {
    const Result<Value> document = parse_json(body, "answer");
    if (!document) {
      fault_ = {ErrorClass::bad_json, "the answer is " + document.problems()[0].what};
      return;
    }
    read(*document, paths_.output);
    if (!found_ && !fault_)
      fault_ = {ErrorClass::empty_choices,
                fmt::format("the answer has nothing at `{}`", paths_.output)};
  }
  bool complete() const override { return done_; }
  // Only a server that says why it ended can be caught cutting an answer off.
  bool finished() const override {
    return done_ || !paths_.finish_reason || !finish_reason_.empty();
  }
  bool has_answer() const override { return found_; }
  const CallError& fault() const override { return fault_; }
  void move_into(Sample& sample) override {
    sample.text = std::move(text_);
    sample.usage = usage_;
    sample.finish_reason = std::move(finish_reason_);
    sample.tool_calls = std::move(tool_calls_);
    sample.steps = std::move(steps_);
    sample.context = std::move(context_);
    if (!model_.empty()) sample.model = std::move(model_);
  }

 private:
  static const Value* at(const Value& from, const std::optional<std::string>& path) {
    const Value* found = path ? find_path(from, *path) : nullptr;
    return found == nullptr || found->is_null() ? nullptr : found;
  }
  void read(const Value& from, const std::string& output) {
    if (const Value* error = at(from, paths_.error)) {
      fault_ = {ErrorClass::error_in_stream, "error in the answer: " + to_text(*error)};
      return;
    }
    if (const Value* text = at(from, output)) {
      found_ = true;
      text_ += to_text(*text);
    }
    const auto count = [&](const std::optional<std::string>& path,
                           std::optional<std::int64_t>& into) {
      if (const Value* number = at(from, path); number != nullptr && number->is_number())
        into = static_cast<std::int64_t>(number->number());
    };
    count(paths_.input_tokens, usage_.input);
    count(paths_.output_tokens, usage_.output);
    count(paths_.cached_tokens, usage_.cached);
    if (const Value* reason = at(from, paths_.finish_reason)) finish_reason_ = to_text(*reason);
    if (const Value* model = at(from, paths_.model)) model_ = to_text(*model);
    const auto list = [&](const std::optional<std::string>& path, Value& into) {
      if (const Value* found = at(from, path); found != nullptr && found->is_list()) into = *found;
    };
    list(paths_.tool_calls, tool_calls_);
    list(paths_.steps, steps_);
    if (const Value* context = at(from, paths_.context)) context_ = passages_of(*context);
  }

  const Paths& paths_;
  std::string text_, finish_reason_, model_;
  Value tool_calls_, steps_;
  std::vector<std::string> context_;
  Usage usage_;
  CallError fault_;
  bool found_ = false, done_ = false;
};

// The `request:` of the suite with its texts compiled.
class BodyTemplate {
 public:
  BodyTemplate(const Value& given, Fields& fields) {
    if (const std::string* text = given.string()) {
      const std::string_view name = lone_variable(*text);
      if (!name.empty()) {
        variable_ = name;
        return;
      }
      Result<Template> compiled = Template::compile(*text, fields.source(), given.mark());
      if (compiled)
        text_ = *std::move(compiled);
      else
        append(fields.problems(), compiled.problems());
    } else if (const List* items = given.list()) {
      kind_ = Kind::list;
      for (const Value& item : *items) children_.emplace_back("", BodyTemplate(item, fields));
    } else if (const Object* members = given.object()) {
      kind_ = Kind::object;
      for (const Member& member : *members)
        children_.emplace_back(member.key, BodyTemplate(member.value, fields));
    } else {
      plain_ = given;
    }
  }

  Result<Value> render(const std::vector<const Object*>& scopes) const {
    if (!variable_.empty()) {
      for (const Object* scope : scopes)
        if (const Value* found = scope->find(variable_)) return *found;
      return problem(fmt::format("`request` uses `{}`, which the case does not have", variable_));
    }
    if (text_) {
      Result<std::string> text = text_->render(scopes);
      if (!text) return text.problems();
      return Value(*std::move(text));
    }
    if (kind_ == Kind::plain) return plain_;
    Object object;
    List list;
    for (const auto& [key, child] : children_) {
      Result<Value> value = child.render(scopes);
      if (!value) return value;
      if (kind_ == Kind::list)
        list.push_back(*std::move(value));
      else
        object.add(key, *std::move(value));
    }
    if (kind_ == Kind::list) return Value(std::move(list));
    return Value(std::move(object));
  }

 private:
  enum class Kind { plain, list, object };

  // "{{ messages }}" -> "messages"; "" where the text is more than one variable.
  static std::string_view lone_variable(std::string_view text) {
    if (!text.starts_with("{{") || !text.ends_with("}}") || text.size() < 5) return {};
    std::string_view inside = text.substr(2, text.size() - 4);
    while (inside.starts_with(' ')) inside.remove_prefix(1);
    while (inside.ends_with(' ')) inside.remove_suffix(1);
    const bool name =
        !inside.empty() && inside.find_first_not_of(
                               "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") ==
                               std::string_view::npos;
    return name ? inside : std::string_view();
  }

  Kind kind_ = Kind::plain;
  Value plain_;
  std::string variable_;
  std::optional<Template> text_;
  std::vector<std::pair<std::string, BodyTemplate>> children_;
};

Object words_of(const ModelSpec& model, const Request& request) {
  Object words;
  std::string prompt, system;
  List messages;
  for (const Message& message : request.messages) {
    const std::string text = plain_text(message);
    if (message.role == "user") prompt = text;
    if (message.role == "system") system = text;
    Object each;
    each.add("role", message.role);
    each.add("content", text);
    messages.emplace_back(std::move(each));
  }
  words.add("id", request.row ? request.row->id : "");
  words.add("prompt", std::move(prompt));
  words.add("system", std::move(system));
  words.add("messages", std::move(messages));
  words.add("model", model.name);
  words.add("parameters", merged_parameters(request.prompt ? request.prompt->parameters : Object(),
                                            model.parameters));
  return words;
}

std::unique_ptr<Provider> make(ModelSpec& model, Fields& fields, const std::filesystem::path&,
                               EventLoop& loop) {
  const auto paths = std::make_shared<Paths>();
  paths->output = fields.required_text("output");
  paths->stream_output = fields.text("stream_output");
  paths->input_tokens = fields.text("input_tokens");
  paths->output_tokens = fields.text("output_tokens");
  paths->cached_tokens = fields.text("cached_tokens");
  paths->finish_reason = fields.text("finish_reason");
  paths->model = fields.text("answered_model");
  paths->error = fields.text("error");
  paths->tool_calls = fields.text("tool_calls");
  paths->steps = fields.text("steps");
  paths->context = fields.text("context");
  model.stream = paths->stream_output.has_value();
  const Value* request = fields.value("request");
  if (request == nullptr)
    fields.missing("request", "the JSON that is sent, with {{ variables }} in its texts");
  std::shared_ptr<const BodyTemplate> body;
  if (request != nullptr) body = std::make_shared<const BodyTemplate>(*request, fields);
  Endpoint endpoint =
      read_endpoint(model, fields, "", "", KeyHeader(), {"Content-Type: application/json"});
  model.identity.set("output", paths->output);
  if (!body || paths->output.empty()) return nullptr;
  return std::make_unique<HttpModel>(
      model, std::move(endpoint), loop,
      [&model, body](const Request& asked, int) -> Result<std::string> {
        const Object words = words_of(model, asked);
        std::vector<const Object*> scopes;
        if (asked.row) scopes.push_back(&asked.row->variables);
        scopes.push_back(&words);
        const Result<Value> value = body->render(scopes);
        if (!value) return value.problems();
        return dump_json(*value);
      },
      [paths](int) { return std::make_unique<PathReader>(*paths); });
}

}  // namespace

extern const ProviderInfo kHttp;
constexpr ProviderInfo kHttp{
    .name = "http",
    .summary = "any JSON endpoint: a request template, paths into the answer",
    .needs_name = false,
    .make = &make,
};

}  // namespace llmops
