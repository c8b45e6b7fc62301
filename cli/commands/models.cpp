// Model folders for metrics that run an encoder: fetched from a hub into the cache that other tools
// share.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <memory>

#include "ci/gate/wording.h"
#include "cli/command.h"
#include "cli/evaluation.h"
#include "cli/progress.h"
#include "datasets/text/utf8.h"
#include "evaluators/encoder/model_folder.h"
#include "evaluators/hub/hub_cache.h"
#include "evaluators/metrics/bertscore/known_models.h"

namespace llmops {
namespace {

struct Options {
  std::string name;
  std::string language;
  std::string revision = "main";
};

std::string size_text(std::uint64_t bytes) {
  const auto number = static_cast<double>(bytes);
  if (bytes < 1000) return fmt::format("{} bytes", bytes);
  if (bytes < 1'000'000) return fmt::format("{:.1f} kB", number / 1e3);
  if (bytes < 1'000'000'000) return fmt::format("{:.1f} MB", number / 1e6);
  return fmt::format("{:.2f} GB", number / 1e9);
}

Value count(std::uint64_t number) { return static_cast<std::int64_t>(number); }

ExitCode pull(Options options, Console& console) {
  if (options.name.empty() && options.language.empty())
    return console.reject(
        {problem("no model is named", "expected NAME, or --lang CODE",
                 "`llmops models pull roberta-large` is BERTScore's for English")},
        "models pull");
  if (options.name.empty()) options.name = usual_model(options.language);
  if (const char* offline = std::getenv("HF_HUB_OFFLINE");
      offline != nullptr && std::string_view(offline) == "1")
    return console.reject({problem("HF_HUB_OFFLINE=1: nothing is fetched", "", "unset it")},
                          "models pull");
  HubClient hub(HubOptions::from_environment());
  Result<Pulled> pulled{Diagnostics{}};
  {
    std::unique_ptr<Progress> progress;
    pulled =
        pull_model(hub, options.name, options.revision, hub_cache(), [&](const PullProgress& now) {
          if (progress == nullptr)
            progress =
                std::make_unique<Progress>(console, fmt::format("MB of {}", visible(options.name)),
                                           static_cast<std::int64_t>(now.total / 1'000'000));
          progress->set_done(static_cast<std::int64_t>(now.done / 1'000'000));
          return interrupts() == 0;
        });
  }
  if (!pulled) {
    if (interrupts() == 0) return console.reject(pulled.problems(), "models pull");
    console.note("interrupted: what came is kept, the same command goes on behind it");
    return ExitCode::incomplete;
  }
  if (console.json()) {
    console.print_json(Object{
        {"schema_version", 1                      },
        {"command",        "models pull"          },
        {"name",           options.name           },
        {"revision",       options.revision       },
        {"commit",         pulled->commit         },
        {"folder",         pulled->folder.string()},
        {"files",          count(pulled->files)   },
        {"bytes",          count(pulled->bytes)   },
        {"fetched_bytes",  count(pulled->fetched) }
    });
    return ExitCode::passed;
  }
  console.print(fmt::format(
      "{} at {}: {}, {} ({} of it fetched now)\n{}\n", options.name, pulled->commit.substr(0, 12),
      counted(static_cast<std::int64_t>(pulled->files), "file"), size_text(pulled->bytes),
      size_text(pulled->fetched), pulled->folder.string()));
  return ExitCode::passed;
}

ExitCode list(Console& console) {
  const std::vector<CachedModel> models = cached_models(hub_cache());
  if (console.json()) {
    List values;
    for (const CachedModel& model : models) {
      List refs(model.refs.begin(), model.refs.end());
      values.emplace_back(Object{
          {"name",             model.name             },
          {"commit",           model.commit           },
          {"refs",             std::move(refs)        },
          {"folder",           model.folder.string()  },
          {"files",            count(model.files)     },
          {"bytes",            count(model.bytes)     },
          {"unfinished_bytes", count(model.unfinished)}
      });
    }
    console.print_json(Object{
        {"schema_version", 1                   },
        {"command",        "models list"       },
        {"cache",          hub_cache().string()},
        {"models",         std::move(values)   }
    });
    return ExitCode::passed;
  }
  std::string text;
  for (const CachedModel& model : models) {
    if (model.commit.empty()) {
      text += fmt::format("{:<44} not complete: {} so far; `llmops models pull` goes on\n",
                          visible(model.name), size_text(model.unfinished));
      continue;
    }
    std::string refs;
    for (const std::string& ref : model.refs) refs += (refs.empty() ? "" : ", ") + ref;
    text += fmt::format("{:<44} {:>10}  {}{}\n", visible(model.name), size_text(model.bytes),
                        visible(model.commit.substr(0, 12)),
                        refs.empty() ? "" : "  (" + visible(refs) + ")");
  }
  if (models.empty()) text = "no model is there; `llmops models pull roberta-large` fetches one\n";
  console.print(text + fmt::format("in {}\n", hub_cache().string()));
  return ExitCode::passed;
}

ExitCode verify(const Options& options, Console& console) {
  std::vector<std::string> names;
  if (!options.name.empty()) names.push_back(options.name);
  if (names.empty())
    for (const CachedModel& model : cached_models(hub_cache()))
      if (names.empty() || names.back() != model.name) names.push_back(model.name);
  List values;
  std::string text;
  bool good = true;
  for (const std::string& name : names) {
    const Result<Verified> verified = verify_model(name, hub_cache());
    if (!verified) return console.reject(verified.problems(), "models verify");
    good = good && verified->wrong.empty();
    List wrong(verified->wrong.begin(), verified->wrong.end());
    text += fmt::format(
        "{:<44} {} of {} as the hub promised{}\n", visible(name),
        verified->checked - std::min(verified->checked, verified->wrong.size()),
        counted(static_cast<std::int64_t>(verified->checked), "file"),
        verified->unknown > 0 ? fmt::format(", {} without a hash", verified->unknown) : "");
    for (const std::string& each : verified->wrong) text += "  " + visible(each) + "\n";
    if (!verified->wrong.empty())
      text += fmt::format(
          "  remove it and fetch it again: `llmops models remove {0}`, `llmops "
          "models pull {0}`\n",
          visible(name));
    values.emplace_back(Object{
        {"name",    name                    },
        {"checked", count(verified->checked)},
        {"unknown", count(verified->unknown)},
        {"wrong",   std::move(wrong)        }
    });
  }
  if (console.json())
    console.print_json(Object{
        {"schema_version", 1                },
        {"command",        "models verify"  },
        {"models",         std::move(values)},
        {"good",           good             }
    });
  else
    console.print(names.empty() ? std::string("no model is there\n") : text);
  return good ? ExitCode::passed : ExitCode::failed;
}

ExitCode remove(const Options& options, Console& console) {
  const Result<std::uint64_t> removed = remove_model(options.name, hub_cache());
  if (!removed) return console.reject(removed.problems(), "models remove");
  if (console.json())
    console.print_json(Object{
        {"schema_version", 1              },
        {"command",        "models remove"},
        {"name",           options.name   },
        {"bytes",          count(*removed)}
    });
  else
    console.print(fmt::format("removed {} ({})\n", options.name, size_text(*removed)));
  return ExitCode::passed;
}

RunCommand declare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.require_subcommand(1);
  app.fallthrough();
  CLI::App* pull_app =
      app.add_subcommand("pull", "fetch one from the hub, go on with what was begun");
  CLI::App* list_app = app.add_subcommand("list", "what is in the cache");
  CLI::App* verify_app = app.add_subcommand("verify", "compare files with the hub's hashes");
  CLI::App* remove_app = app.add_subcommand("remove", "remove one from the cache");
  for (CLI::App* sub : {pull_app, list_app, verify_app, remove_app}) sub->fallthrough();
  for (CLI::App* sub : {pull_app, verify_app, remove_app}) {
    CLI::Option* name = sub->add_option("NAME", options->name, "such as roberta-large");
    if (sub == remove_app) name->required();
  }
  pull_app->add_option("--lang", options->language, "BERTScore's model for a language (de, zh)")
      ->type_name("CODE");
  pull_app->add_option("--revision", options->revision, "branch, tag or commit")
      ->capture_default_str();
  pull_app->footer(
      "BERTScore's models: roberta-large (en), bert-base-chinese (zh),\n"
      "dbmdz/bert-base-turkish-cased (tr), allenai/scibert_scivocab_uncased (en-sci),\n"
      "bert-base-multilingual-cased (every other language).\n"
      "HF_ENDPOINT names another hub, HF_TOKEN holds its key, HF_HUB_CACHE or HF_HOME\n"
      "the place of the cache, which other hub tools share.");
  return [=](Console& console) {
    if (pull_app->parsed()) return pull(*options, console);
    if (list_app->parsed()) return list(console);
    return verify_app->parsed() ? verify(*options, console) : remove(*options, console);
  };
}

}  // namespace

extern const CommandInfo kModelsCommand;
constexpr CommandInfo kModelsCommand{
    .name = "models",
    .summary = "Encoder models from a hub, in the cache that other tools share",
    .examples = "  llmops models pull roberta-large\n  llmops models pull --lang de\n",
    .declare = &declare,
};

}  // namespace llmops
