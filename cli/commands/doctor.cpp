// Finds out before a run whether the models of a suite can be asked, and how to mend what cannot.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "cli/checkup.h"
#include "cli/command.h"
#include "cli/pricing.h"
#include "cli/suite.h"
#include "datasets/text/utf8.h"
#include "evaluators/transport/event_loop.h"

namespace llmops {
namespace {

struct Options {
  std::string suite = "llmops.yaml";
  std::string base_url, model, provider = "openai", key;
  bool no_call = false;
};

struct CheckedModel {
  std::string name;
  std::vector<Check> checks;
};

// A suite of the endpoint that the flags name, in place of a file.
Result<Suite> suite_of(const Options& options) {
  if (options.base_url.empty() && options.model.empty()) return load_suite(options.suite, {});
  Object model{
      {"provider", options.provider},
      {"name",     options.model   }
  };
  if (!options.base_url.empty()) model.add("base_url", options.base_url);
  if (!options.key.empty()) model.add("api_key_env", options.key);
  Suite suite{.file = "the command line", .folder = ".", .source = Source("the command line", "")};
  suite.models = {std::move(model)};
  return suite;
}

Check check_price(Model& model, const Suite& suite, const Prompt& prompt, const PriceTable& table) {
  const bool given = model.spec.price.has_value();
  const std::string origin = price_model(model, given, prompt, table);
  if (given) return {"price", CheckOutcome::good, "the suite says what it costs", ""};
  if (model.spec.price) return {"price", CheckOutcome::good, "priced by " + origin, ""};
  static_cast<void>(suite);
  return {"price", CheckOutcome::warning, "nothing says what it costs",
          "`price: {input: USD, output: USD}` (for a million tokens) under `model:`; 0 for your "
          "own server"};
}

Object check_value(const Check& check) {
  Object out{
      {"check",   check.name         },
      {"outcome", name(check.outcome)},
      {"what",    check.what         }
  };
  if (!check.help.empty()) out.add("help", check.help);
  return out;
}

ExitCode say(const std::vector<CheckedModel>& models, Console& console) {
  bool sound = true;
  List values;
  std::string text;
  for (const CheckedModel& model : models) {
    List checks;
    text += model.name + "\n";
    for (const Check& check : model.checks) {
      sound = sound && check.outcome != CheckOutcome::problem;
      checks.push_back(check_value(check));
      text += fmt::format("  {:<8} {:<10} {}\n", name(check.outcome), check.name, check.what);
      if (!check.help.empty()) text += fmt::format("  {:<19} = help: {}\n", "", check.help);
    }
    values.push_back(Object{
        {"model",  model.name       },
        {"checks", std::move(checks)}
    });
  }
  text += sound ? "nothing stands in the way of a run\n"
                : "a run would fail; mend the problems first\n";
  if (console.json())
    console.print_json(Object{
        {"schema_version", 1                },
        {"command",        "doctor"         },
        {"sound",          sound            },
        {"models",         std::move(values)}
    });
  else
    console.print(visible_lines(text));
  return sound ? ExitCode::passed : ExitCode::bad_input;
}

ExitCode run(const Options& options, Console& console) {
  const Result<Suite> suite = suite_of(options);
  if (!suite) return console.reject(suite.problems(), "doctor");
  const Result<PriceTable> prices = price_table(*suite);
  if (!prices) return console.reject(prices.problems(), "doctor");
  const auto prompt =
      suite->prompts.empty() ? std::make_shared<const Prompt>() : suite->prompts.front();
  EventLoop loop;
  std::vector<CheckedModel> checked;
  Diagnostics problems;
  for (const Value& mapping : suite->models) {
    const std::unique_ptr<Model> model =
        make_model(mapping, suite->source, suite->folder, loop, problems);
    if (model == nullptr) continue;
    CheckedModel result;
    result.name = fmt::format("{} {}", model->spec.provider,
                              model->spec.name.empty() ? prompt->model : model->spec.name);
    result.checks = check_model(*model, mapping, prompt, loop, {.call = !options.no_call});
    if (model->spec.provider == "openai" || model->spec.provider == "anthropic")
      result.checks.push_back(check_price(*model, *suite, *prompt, *prices));
    checked.push_back(std::move(result));
  }
  if (has_errors(problems)) return console.reject(problems, "doctor");
  return say(checked, console);
}

RunCommand declare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("SUITE", options->suite, "the suite whose models are looked at")
      ->capture_default_str();
  app.add_option("--base-url", options->base_url, "an endpoint, without a suite")->type_name("URL");
  app.add_option("--model", options->model, "its model")->type_name("NAME");
  app.add_option("--provider", options->provider, "what it speaks")
      ->capture_default_str()
      ->check(CLI::IsMember({"openai", "anthropic"}));
  app.add_option("--api-key-env", options->key, "the environment variable that holds its key")
      ->type_name("NAME");
  app.add_flag("--no-call", options->no_call,
               "ask the model nothing; look at key, address, name and clock alone");
  return [options](Console& console) { return run(*options, console); };
}

}  // namespace

extern const CommandInfo kDoctorCommand;
constexpr CommandInfo kDoctorCommand{
    .name = "doctor",
    .summary = "Find out whether the models of a suite can be asked",
    .examples =
        "  llmops doctor\n"
        "  llmops doctor --base-url http://127.0.0.1:8000/v1 --model my-model\n",
    .declare = &declare,
};

}  // namespace llmops
