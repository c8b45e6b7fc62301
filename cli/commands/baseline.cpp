// Accepts a run as the baseline, shows what was accepted, goes back.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>
#include <optional>

#include "ci/baseline.h"
#include "cli/command.h"
#include "cli/eval_metrics_update.h"
#include "cli/stored.h"
#include "datasets/text/json.h"
#include "datasets/text/utf8.h"

namespace llmops {
namespace {

struct Options {
  std::string run, file;
  StoreOptions store;
  bool force = false;
  bool keep_prompt = false;
};

std::string text_of(const Object& from, std::string_view key) {
  const Value* found = from.find(key);
  return found == nullptr ? "" : to_text(*found);
}

std::string one_line(const RunHeader& header) {
  return visible(fmt::format("{}  {}  prompt {} {}  model {}  {} cases", header.id, header.created,
                             text_of(header.prompt, "name"), text_of(header.prompt, "version"),
                             text_of(header.model, "name"), header.counts.cases));
}

// As seen from where the user stands.
std::string shown(const std::filesystem::path& file) {
  std::error_code none;
  const std::filesystem::path near = std::filesystem::proximate(file, none);
  return none ? file.string() : near.string();
}

ExitCode set(const Options& options, Console& console) {
  const Result<std::shared_ptr<Store>> store = open_store(options.store);
  if (!store) return console.reject(store.problems(), "baseline set");
  const Result<StoredRunInfo> found = (*store)->find_run(options.run);
  if (!found) return console.reject(found.problems(), "baseline set");

  const Value* outcome = found->verdict.find("outcome");
  const std::string decided = outcome == nullptr ? "" : to_text(*outcome);
  if (!options.force) {
    if (found->header.shards > 0)
      return console.reject(
          {problem(fmt::format("run {} is part {} of {} of a dataset", found->header.id,
                               found->header.shard, found->header.shards),
                   "", "`llmops runs merge` makes one run of all parts")},
          "baseline set");
    if (!found->header.complete)
      return console.reject(
          {problem(
              fmt::format("run {} is incomplete: {}", found->header.id,
                          found->header.why_incomplete),
              "", "finish it with `llmops eval --resume`, or accept it all the same with --force")},
          "baseline set");
    if (decided == "fail")
      return console.reject(
          {problem(fmt::format("run {} failed its gate", found->header.id), "",
                   "accept it all the same with --force, which the baseline then records")},
          "baseline set");
  }
  const auto now =
      std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now());
  Object evidence{
      {"accepted", fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(now))},
      {"outcome",          decided.empty() ? "not gated" : decided                                    }
  };
  if (options.force) evidence.add("forced", true);
  write_baseline(*(*store)->open_run(found->header), options.file, evidence);
  std::optional<Result<std::filesystem::path>> prompt;
  if (!options.keep_prompt) prompt = update_eval_metrics(*found, **store);
  const bool inline_prompt = found->spec.find("prompt_file") == nullptr;
  if (prompt && !*prompt && !inline_prompt)
    console.note("no eval_metrics were written: " + visible(prompt->problems().front().what));
  if (console.json()) {
    Object out{
        {"schema_version", 1               },
        {"command",        "baseline set"  },
        {"file",           options.file    },
        {"run",            found->header.id}
    };
    if (prompt && *prompt) out.add("prompt_file", shown(**prompt));
    console.print_json(out);
    return ExitCode::passed;
  }
  std::string text =
      fmt::format("{} is now the baseline of run {} ({} cases)\n", visible(options.file),
                  found->header.id, found->header.counts.cases);
  if (prompt && *prompt)
    text += fmt::format("{} has its scores as eval_metrics\n", visible(shown(**prompt)));
  console.print(text);
  return ExitCode::passed;
}

ExitCode show(const Options& options, Console& console) {
  const Result<std::shared_ptr<const RunSource>> baseline = open_baseline(options.file);
  if (!baseline) return console.reject(baseline.problems(), "baseline show");
  const RunHeader& header = (*baseline)->header();
  if (console.json()) {
    console.print_json(Object{
        {"schema_version", 1               },
        {"command",        "baseline show" },
        {"baseline",       to_value(header)}
    });
    return ExitCode::passed;
  }
  std::string text = one_line(header) + "\n";
  for (const Measure& measure : header.measures)
    if (!measure.builtin)
      text += fmt::format("  {}  {}\n", visible(measure.name), visible(measure.signature));
  console.print(text);
  return ExitCode::passed;
}

ExitCode list(const Options& options, Console& console) {
  const std::vector<BaselineVersion> versions = baseline_history(options.file);
  const Result<std::shared_ptr<const RunSource>> present = open_baseline(options.file);
  if (!present) return console.reject(present.problems(), "baseline list");
  List items{
      Object{{"file", options.file},
             {"run", (*present)->header().id},
             {"created", (*present)->header().created}}
  };
  std::string text = one_line((*present)->header()) + "  (present)\n";
  for (const BaselineVersion& version : versions) {
    items.push_back(Object{
        {"file",    version.file.string() },
        {"run",     version.header.id     },
        {"created", version.header.created}
    });
    text += one_line(version.header) + "\n";
  }
  if (console.json())
    console.print_json(Object{
        {"schema_version", 1               },
        {"command",        "baseline list" },
        {"versions",       std::move(items)}
    });
  else
    console.print(text);
  return ExitCode::passed;
}

ExitCode rollback(const Options& options, Console& console) {
  const Result<BaselineVersion> restored = rollback_baseline(options.file);
  if (!restored) return console.reject(restored.problems(), "baseline rollback");
  if (console.json())
    console.print_json(Object{
        {"schema_version", 1                  },
        {"command",        "baseline rollback"},
        {"file",           options.file       },
        {"run",            restored->header.id}
    });
  else
    console.print(fmt::format("{} is again the baseline of run {}\n", visible(options.file),
                              restored->header.id));
  return ExitCode::passed;
}

RunCommand declare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.require_subcommand(1);
  CLI::App* set_app = app.add_subcommand("set", "accept a stored run as the baseline");
  set_app->add_option("RUN", options->run, "id, unique prefix, or `last`")->required();
  set_app->add_option("FILE", options->file, "the baseline file, committed to git")->required();
  set_app->add_flag("--force", options->force, "also a run that failed its gate");
  set_app->add_flag("--keep-prompt", options->keep_prompt,
                    "leave `eval_metrics` of the prompt file as it stands");
  declare_store_options(*set_app, options->store);
  CLI::App* show_app = app.add_subcommand("show", "what the baseline holds");
  show_app->add_option("FILE", options->file, "the baseline file")->required();
  CLI::App* list_app = app.add_subcommand("list", "the baseline and those before it");
  list_app->add_option("FILE", options->file, "the baseline file")->required();
  CLI::App* rollback_app = app.add_subcommand("rollback", "put the baseline before this one back");
  rollback_app->add_option("FILE", options->file, "the baseline file")->required();
  return [=](Console& console) {
    if (set_app->parsed()) return set(*options, console);
    if (show_app->parsed()) return show(*options, console);
    if (list_app->parsed()) return list(*options, console);
    return rollback(*options, console);
  };
}

}  // namespace

extern const CommandInfo kBaselineCommand;
constexpr CommandInfo kBaselineCommand{
    .name = "baseline",
    .summary = "Accept a run as the baseline; show, list, roll back",
    .examples =
        "  llmops baseline set last baselines/support.json\n  llmops baseline rollback "
        "baselines/support.json\n",
    .declare = &declare,
};

}  // namespace llmops
