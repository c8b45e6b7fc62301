#include "prompts/parameters.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "datasets/text/fields.h"
#include "datasets/text/json.h"
#include "datasets/text/utf8.h"

namespace llmops {
namespace {

enum class Kind { number, integer, boolean, texts, any };

struct Parameter {
  std::string_view name;
  Kind kind = Kind::any;
  Bounds bounds = {};
};

// OpenAI chat completions, Anthropic messages, vLLM, SGLang, llama.cpp and Ollama.
constexpr Parameter kParameters[] = {
    {"temperature",                   Kind::number, {.low = 0}},
    {"top_p",                     Kind::number, {.low = 0, .high = 1}},
    {"top_k",                         Kind::integer, {.low = -1}},
    {"min_p",          Kind::number, {.low = 0, .high = 1}},
    {"typical_p",                         Kind::number, {.low = 0, .high = 1}},
    {"max_tokens",                    Kind::integer, {.low = 1}},
    {"max_completion_tokens",                         Kind::integer, {.low = 1}},
    {"min_tokens",          Kind::integer, {.low = 0}},
    {"seed",                     Kind::integer},
    {"stop",          Kind::texts},
    {"stop_sequences",                    Kind::texts},
    {"presence_penalty",                     Kind::number, {.low = -2, .high = 2}},
    {"frequency_penalty",         Kind::number, {.low = -2, .high = 2}},
    {"repetition_penalty",                     Kind::number, {.low = 0}},
    {"length_penalty",                    Kind::number},
    {"logprobs"                    },
    {"top_logprobs",                          Kind::integer, {.low = 0}},
    {"prompt_logprobs",                               Kind::integer, {.low = 0}},
    {"logit_bias"          },
    {"reasoning_effort"               },
    {"reasoning"                              },
    {"thinking"},
    {"verbosity"                              },
    {"effort"          },
    {"output_config"                              },
    {"service_tier"},
    {"store",                               Kind::boolean},
    {"metadata"},
    {"user"                     },
    {"safety_identifier"                 },
    {"prompt_cache_key"                    },
    {"parallel_tool_calls",               Kind::boolean},
    {"tool_choice"                    },
    {"modalities"                   },
    {"prediction"             },
    {"web_search_options"                    },
    {"ignore_eos",                      Kind::boolean},
    {"skip_special_tokens",                     Kind::boolean},
    {"spaces_between_special_tokens",                        Kind::boolean},
    {"include_stop_str_in_output",                 Kind::boolean},
    {"stop_token_ids"                 },
    {"bad_words"                        },
    {"use_beam_search",                               Kind::boolean},
    {"truncate_prompt_tokens",                                Kind::integer},
    {"add_generation_prompt",          Kind::boolean},
    {"continue_final_message",              Kind::boolean},
    {"chat_template"          },
    {"chat_template_kwargs"   },
    {"guided_json"                  },
    {"guided_regex"                   },
    {"guided_choice"                   },
    {"guided_grammar"           },
    {"structured_outputs"                   },
    {"regex"                              },
    {"ebnf"},
    {"grammar"},
    {"mirostat"                              },
    {"mirostat_eta",  Kind::number},
    {"mirostat_tau",                Kind::number},
    {"num_ctx",                     Kind::integer, {.low = 1}},
    {"num_predict",               Kind::integer},
    {"keep_alive"                              },
    {"options"},
    {"functions"        },
    {"function_call"                              },
    {"best_of"    },
};

// Keys of a request that have their own place.
struct Elsewhere {
  std::string_view name;
  std::string_view help;
};
constexpr Elsewhere kElsewhere[] = {
    {"model",           "write `model:` beside `parameters:`"          },
    {"messages",        "write `messages:` beside `parameters:`"       },
    {"system",          "write `system:` beside `parameters:`"         },
    {"tools",           "write `tools:` beside `parameters:`"          },
    {"response_format", "write `response_format:` beside `parameters:`"},
    {"stream",          "write `stream:` under `model:` of the suite"  },
    {"stream_options",  "streams always count their tokens"            },
    {"n",               "write `samples:` in the suite"                },
};

void check(Fields& fields, const Parameter& parameter) {
  switch (parameter.kind) {
    case Kind::number:
      (void)fields.number(parameter.name, parameter.bounds);
      return;
    case Kind::integer:
      (void)fields.integer(parameter.name, parameter.bounds);
      return;
    case Kind::boolean:
      (void)fields.boolean(parameter.name);
      return;
    case Kind::texts:
      (void)fields.texts(parameter.name);
      return;
    case Kind::any:
      return;
  }
}

}  // namespace

Object read_parameters(const Value& value, const Source& source, Diagnostics& problems) {
  Object read;
  Fields fields(value, source, problems, "parameters");
  const Object* members = value.object();
  if (members == nullptr) return read;
  for (const Member& member : *members) {
    const auto name_problem = [&](std::string what, std::string expected, std::string help) {
      fields.error(fields.key_mark(member.key), std::move(what), std::move(expected),
                   std::move(help), code_points(member.key));
    };
    if (member.key == "extra_body") {
      if (const Value* extra = fields.mapping("extra_body"))
        for (const Member& each : *extra->object()) read.set(each.key, each.value);
      continue;
    }
    const auto elsewhere = std::ranges::find(kElsewhere, member.key, &Elsewhere::name);
    if (elsewhere != std::end(kElsewhere)) {
      name_problem(fmt::format("`{}` is no parameter", member.key), "",
                   std::string(elsewhere->help));
      continue;
    }
    const auto known = std::ranges::find(kParameters, member.key, &Parameter::name);
    if (known == std::end(kParameters)) {
      std::vector<std::string_view> names;
      for (const Parameter& parameter : kParameters) names.push_back(parameter.name);
      const std::string nearest = did_you_mean(member.key, names);
      name_problem(
          fmt::format("unknown key `{}`", member.key),
          "expected a parameter such as max_tokens, seed, stop, temperature, top_p",
          nearest.empty() ? "what only this server knows stands under `extra_body:`" : nearest);
      continue;
    }
    if (member.value.is_null()) {
      fields.error(fields.key_mark(member.key), fmt::format("`{}` is empty", member.key),
                   "expected a value", "leave the key out", code_points(member.key));
      continue;
    }
    check(fields, *known);
    read.set(member.key, member.value);
  }
  return read;
}

}  // namespace llmops
