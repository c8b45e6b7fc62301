#include "evaluators/judge/own_prompt.h"

#include <fmt/format.h>

#include <algorithm>

#include "datasets/text/yaml.h"
#include "evaluators/metrics/text/option_file.h"

namespace llmops {
namespace {

constexpr std::string_view kTexts =
    "texts";  // everything that is shown, with the word on its marks
constexpr std::string_view kReply = "reply";

// A text that names a file, and no template: one line without a variable.
bool names_file(const std::string& text) {
  return text.find('\n') == std::string::npos && text.find("{{") == std::string::npos;
}

bool is_yaml(const std::string& path) { return path.ends_with(".yaml") || path.ends_with(".yml"); }

}  // namespace

OwnPrompt OwnPrompt::read(Fields& fields, const Names& names) {
  OwnPrompt prompt;
  const Value* given = fields.value("prompt");
  if (given == nullptr) return prompt;
  // The template, where it stands, and what its problems are told by.
  Value user = *given;
  std::optional<Source> file;
  if (const std::string* text = given->string(); text != nullptr && names_file(*text)) {
    if (is_yaml(*text)) {
      const auto read = read_option_value(fields, "prompt");
      if (!read) return prompt;
      user = *read;
      file.emplace(*text, "");
    } else {
      const auto read = read_option_text(fields, "prompt");
      if (!read) {
        fields.problems().back().help =
            "a line without a variable names a file; a template shows `{{ texts }}`";
        return prompt;
      }
      user = Value(*read).at({1, 1});
      file.emplace(*text, *read);
    }
  }
  const Source& source = file ? *file : fields.source();
  if (user.is_object()) {
    const Value mapping = user;
    Fields keys(mapping, source, fields.problems(), "`prompt`");
    if (const auto system = keys.text("system")) prompt.system_ = *system;
    prompt.wants_reply_ = keys.boolean("reply").value_or(true);
    const Value* text = keys.value("user");
    if (text == nullptr) keys.missing("user", "a template that shows `{{ texts }}`");
    keys.finish();
    if (text == nullptr) return prompt;
    user = *text;
  }
  const std::string* text = user.string();
  if (text == nullptr) {
    fields.error(fields.mark("prompt"), "`prompt` is no text",
                 "expected a file, a template, or {system: ..., user: ...}");
    return prompt;
  }
  Result<Template> compiled = Template::compile(*text, source, user.mark());
  if (!compiled) {
    append(fields.problems(), compiled.problems());
    return prompt;
  }

  std::vector<std::string_view> known = {kTexts, kReply};
  for (const auto& list : {names.must, names.may, names.words, names.asks})
    known.insert(known.end(), list.begin(), list.end());
  const std::vector<std::string>& used = compiled->variables();
  const auto uses = [&](std::string_view name) {
    return std::ranges::find(used, name) != used.end();
  };
  bool right = true;
  for (const TemplateVariable& variable : compiled->uses()) {
    if (std::ranges::find(known, variable.name) != known.end()) continue;
    Diagnostic found = variable.place;
    found.severity = Severity::error;
    found.what = fmt::format("a judge's prompt has no variable `{}`", variable.name);
    found.expected = expected_one_of(known);
    found.help = did_you_mean(variable.name, known);
    fields.problems().push_back(std::move(found));
    right = false;
  }
  for (const std::string_view name : names.must)
    if (!uses(name) && !uses(kTexts)) {
      fields.error(fields.mark("prompt"), fmt::format("the prompt never shows `{}`", name),
                   fmt::format("expected `{{{{ {} }}}}`, or `{{{{ texts }}}}` for all", name));
      right = false;
    }
  for (const std::string_view name : names.asks)
    if (!uses(name)) {
      fields.error(fields.mark("prompt"), fmt::format("the prompt never says the `{}`", name),
                   fmt::format("expected `{{{{ {} }}}}`", name));
      right = false;
    }
  if (!right) return prompt;
  prompt.places_texts_ = uses(kTexts);
  prompt.places_reply_ = uses(kReply);
  for (const auto& list : {names.must, names.may})
    prompt.texts_.insert(prompt.texts_.end(), list.begin(), list.end());
  prompt.user_ = *std::move(compiled);
  return prompt;
}

Result<std::string> OwnPrompt::user(const Exhibit& exhibit, std::uint64_t seed, Object words,
                                    std::string_view reply) const {
  const Exhibit::Pieces pieces = exhibit.pieces(seed);
  for (const std::string& name : texts_) words.set(name, "");
  for (const auto& [name, fenced] : pieces.fenced) words.set(name, fenced);
  words.set(std::string(kTexts), exhibit.text(seed));
  words.set(std::string(kReply), std::string(reply));
  Result<std::string> rendered = user_->render({&words});
  if (!rendered) return rendered;
  std::string text = places_texts_ ? *rendered : pieces.note + "\n" + *rendered;
  if (!places_reply_ && wants_reply_) text += reply;
  return text;
}

std::string OwnPrompt::fixed() const {
  if (!user_) return "";
  return fmt::format("\nown prompt\n{}\n{}\n{}", system_.value_or("-"), user_->resolved(),
                     wants_reply_);
}

}  // namespace llmops
