// Rules about the model and its parameters.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "datasets/text/utf8.h"
#include "prompts/lint/lint.h"

namespace llmops {
namespace {

bool digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// Ends in a date or a snapshot number: -20241022, -2024-08-06, -0613, -002, @001.
bool dated(std::string_view model) {
  const std::size_t at = model.find_last_of("-@");
  if (at == std::string_view::npos) return false;
  const std::string_view last = model.substr(at + 1);
  if (!digits(last)) return false;
  if (last.size() >= 3) return true;
  // -2024-08-06: the year stands two dashes before.
  return last.size() == 2 && at > 8 && digits(model.substr(at - 2, 2)) && model[at - 3] == '-' &&
         digits(model.substr(at - 7, 4));
}

bool reasoning_model(std::string_view model) {
  constexpr std::array<std::string_view, 4> kFamilies = {"o1", "o3", "o4", "gpt-5"};
  return std::ranges::any_of(kFamilies, [&](std::string_view family) {
    return model.starts_with(family) &&
           (model.size() == family.size() || model[family.size()] == '-' ||
            model[family.size()] == '.');
  });
}

bool openai_model(std::string_view model) {
  return model.starts_with("gpt-") || model.starts_with("chatgpt-") || reasoning_model(model);
}

// Names that a vendor moves to a new model from time to time.
bool moving_alias(std::string_view model) {
  if (model.ends_with("latest")) return true;
  if (model.find('/') != std::string_view::npos) return false;  // a repository of open weights
  constexpr std::array<std::string_view, 4> kFamilies = {"gpt-", "chatgpt-", "claude-", "gemini-"};
  const bool hosted =
      reasoning_model(model) || std::ranges::any_of(kFamilies, [&](std::string_view family) {
        return model.starts_with(family);
      });
  return hosted && !model.starts_with("gpt-oss") && !dated(model);
}

void not_pinned(const LintSubject& subject, LintFindings& findings) {
  if (subject.prompt == nullptr || subject.prompt->model.empty() ||
      !moving_alias(subject.prompt->model))
    return;
  findings.add(
      subject.mark("model"), fmt::format("`{}` names no fixed model", subject.prompt->model),
      "expected a dated name such as gpt-4o-2024-08-06",
      "the vendor may put another model behind this name, and scores change without a commit",
      code_points(subject.prompt->model));
}

struct Deprecated {
  std::string_view parameter;
  bool (*applies)(std::string_view model);
  std::string_view what;
  std::string_view help;
};

bool always(std::string_view) { return true; }

constexpr Deprecated kDeprecated[] = {
    {"functions",         &always,          "`functions` is deprecated",                      "write `tools:` beside `parameters:`"},
    {"function_call",     &always,          "`function_call` is deprecated",                  "write `tool_choice`"                },
    {"best_of",           &always,          "`best_of` is no parameter of chat completions",
     "write `samples:` in the suite"                                                                                               },
    {"guided_json",       &always,          "`guided_json` is deprecated in vLLM",
     "write `response_format: {json_schema: FILE}`"                                                                                },
    {"guided_regex",      &always,          "`guided_regex` is deprecated in vLLM",
     "write `structured_outputs: {regex: ...}`"                                                                                    },
    {"guided_choice",     &always,          "`guided_choice` is deprecated in vLLM",
     "write `structured_outputs: {choice: [...]}`"                                                                                 },
    {"guided_grammar",    &always,          "`guided_grammar` is deprecated in vLLM",
     "write `structured_outputs: {grammar: ...}`"                                                                                  },
    {"use_beam_search",   &always,          "`use_beam_search` is gone from vLLM's sampling", ""                                   },
    {"user",              &openai_model,    "`user` is deprecated by OpenAI",
     "write `safety_identifier` or `prompt_cache_key`"                                                                             },
    {"max_tokens",        &reasoning_model, "reasoning models refuse `max_tokens`",
     "write `max_completion_tokens`"                                                                                               },
    {"temperature",       &reasoning_model, "reasoning models take no `temperature`",
     "leave it out; `reasoning_effort` is theirs"                                                                                  },
    {"top_p",             &reasoning_model, "reasoning models take no `top_p`",
     "leave it out; `reasoning_effort` is theirs"                                                                                  },
    {"presence_penalty",  &reasoning_model, "reasoning models take no `presence_penalty`",
     "leave it out"                                                                                                                },
    {"frequency_penalty", &reasoning_model, "reasoning models take no `frequency_penalty`",
     "leave it out"                                                                                                                },
    {"top_k",             &openai_model,    "OpenAI's models take no `top_k`",                "leave it out"                       },
};

void deprecated(const LintSubject& subject, LintFindings& findings) {
  const Value* parameters = subject.value.find("parameters");
  if (subject.prompt == nullptr || parameters == nullptr || !parameters->is_object()) return;
  for (const Member& member : *parameters->object())
    for (const Deprecated& each : kDeprecated)
      if (each.parameter == member.key && each.applies(subject.prompt->model))
        findings.add(member.key_mark, std::string(each.what), "", std::string(each.help),
                     code_points(member.key));
}

void conflicting(const LintSubject& subject, LintFindings& findings) {
  const Value* parameters = subject.value.find("parameters");
  if (subject.prompt == nullptr || parameters == nullptr || !parameters->is_object()) return;
  const auto both = [&](std::string_view first, std::string_view second, std::string help) {
    if (parameters->find(first) == nullptr) return;
    for (const Member& member : *parameters->object())
      if (member.key == second)
        findings.add(member.key_mark, fmt::format("`{}` and `{}` are both set", first, second),
                     "expected one of the two", std::move(help), second.size());
  };
  both("temperature", "top_p", "vendors advise to change one of them only");
  both("max_tokens", "max_completion_tokens", "`max_tokens` is the older name");
  both("stop", "stop_sequences", "`stop_sequences` is Anthropic's name for `stop`");
  const Value* temperature = parameters->find("temperature");
  const Value* top_k = parameters->find("top_k");
  if (temperature != nullptr && temperature->is_number() && temperature->number() == 0 &&
      top_k != nullptr && top_k->is_number() && top_k->number() > 1)
    findings.add(top_k->mark(), "`top_k` does nothing at temperature 0", "", "leave it out");
}

}  // namespace

extern const LintRule kModelNotPinned, kDeprecatedParameter, kConflictingParameters;

const LintRule kModelNotPinned{"model-not-pinned", Severity::warning,
                               "a hosted model is named with its date or snapshot", &not_pinned};
const LintRule kDeprecatedParameter{"deprecated-parameter", Severity::warning,
                                    "no parameter is deprecated, or refused by the model",
                                    &deprecated};
const LintRule kConflictingParameters{"conflicting-parameters", Severity::warning,
                                      "no two parameters set the same thing", &conflicting};

}  // namespace llmops
