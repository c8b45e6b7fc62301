// Checks suites, prompts and datasets without calling anybody.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <memory>
#include <optional>
#include <set>

#include "cli/command.h"
#include "cli/rendered.h"
#include "cli/suite.h"
#include "cli/unread_checks.h"
#include "datasets/dataset.h"
#include "datasets/lint.h"
#include "datasets/text/files.h"
#include "datasets/text/yaml.h"
#include "prompts/git.h"
#include "prompts/lint/lint.h"
#include "prompts/lint/output.h"
#include "prompts/lint/rubric.h"
#include "prompts/request.h"

namespace llmops {
namespace {

struct Options {
  std::vector<std::string> files;
  std::string tokenizer, base, sarif;
  std::size_t token_budget = 0;
  bool github = false;
};

enum class FileKind { suite, prompt, dataset };

// A YAML mapping with the keys of a suite or of a prompt is one; everything else is a dataset.
FileKind kind_of(const std::filesystem::path& file) {
  const std::string extension = file.extension().string();
  if (extension != ".yaml" && extension != ".yml") return FileKind::dataset;
  const Result<Source> source = read_source(file, 16U << 20);
  if (!source) return FileKind::suite;  // its loader says what is wrong
  const Result<Value> root = parse_yaml(*source);
  if (!root || !root->is_object())
    return root && root->is_list() ? FileKind::dataset : FileKind::suite;
  for (const char* key : {"evaluators", "dataset", "gate", "model.provider"})
    if (find_path(*root, key) != nullptr) return FileKind::suite;
  return FileKind::prompt;
}

// What the command line, and below it the suite, says of all prompts.
struct Frame {
  const Options& options;
  std::shared_ptr<const TokenCounter> counter;  // of --tokenizer; else nullptr

  LintOptions of_prompts() const {
    LintOptions made{.counter = counter.get(), .token_budget = options.token_budget};
    if (!options.base.empty()) made.git_base = options.base;
    return made;
  }
};

// The ends of a judge's scale; [1, 5] where none is written.
std::pair<int, int> scale_of(const Value& judge) {
  const Value* scale = judge.find("scale");
  const List* ends = scale == nullptr ? nullptr : scale->list();
  if (ends == nullptr || ends->size() != 2) return {1, 5};
  for (const Value& end : *ends)
    if (!end.is_integer() || std::abs(end.number()) > 1e6) return {1, 5};
  return {static_cast<int>(ends->front().number()), static_cast<int>(ends->back().number())};
}

// Every rubric that a text file holds, wherever under `evaluators:` it is named.
void check_rubrics(const Value& value, const std::filesystem::path& folder, Diagnostics& found) {
  if (const List* items = value.list())
    for (const Value& item : *items) check_rubrics(item, folder, found);
  if (!value.is_object()) return;
  for (const Member& member : *value.object()) check_rubrics(member.value, folder, found);
  const Value* rubric = value.find("rubric");
  if (rubric == nullptr || !rubric->is_string()) return;
  const std::filesystem::path file = (folder / *rubric->string()).lexically_normal();
  std::error_code none;
  if (file.extension() == ".yaml" || file.extension() == ".yml" ||
      !std::filesystem::is_regular_file(file, none))
    return;  // its own reader says what it lacks
  const auto [low, high] = scale_of(value);
  const Result<Source> source = read_source(file, 16U << 20);
  append(found, source ? lint_rubric(*source, low, high) : source.problems());
}

// The problems of filling every prompt with every case.
Diagnostics render_all(const Suite& suite) {
  return Dataset::open(suite.dataset,
                       [&](const Case& row, Diagnostics& problems) {
                         for (const auto& prompt : suite.prompts)
                           if (const auto messages = render_messages(*prompt, row); !messages)
                             append(problems, messages.problems());
                       })
      .problems();
}

// A suite's prompts are held against the columns of its dataset.
void check_suite(const Suite& suite, const Frame& frame, Diagnostics& found) {
  const Result<Dataset> dataset = Dataset::open(suite.dataset);
  append(found, dataset ? lint_dataset(suite.dataset) : dataset.problems());
  if (dataset) append(found, unread_checks(suite, dataset->info()));
  // Columns that mean something by their name alone are used, whether a prompt shows them or not.
  LintOptions options = frame.of_prompts();
  options.used_columns = {"id",   "reference", "references", "context",
                          "tags", "group",     "weight",     "metadata"};
  if (dataset) options.columns = dataset->info().columns;
  for (const auto& [word, column] : suite.dataset.fields) options.used_columns.push_back(column);
  std::shared_ptr<const TokenCounter> counter;
  if (frame.counter == nullptr) {
    Result<std::shared_ptr<const TokenCounter>> opened = open_counter(suite.tokenizer);
    if (opened)
      counter = *std::move(opened);
    else
      append(found, opened.problems());
    options.counter = counter.get();
  }
  if (options.token_budget == 0) options.token_budget = suite.token_budget;
  for (const auto& prompt : suite.prompts)
    if (!prompt->file.empty() && prompt->revision.empty())
      append(found, lint_prompt(prompt->file, options));
  // What the rules cannot see: a value that only some case lacks.
  if (dataset && !has_errors(found)) append(found, render_all(suite));
  if (const Result<Value> root = parse_yaml(suite.source))
    if (const Value* evaluators = root->find("evaluators"))
      check_rubrics(*evaluators, suite.folder, found);
}

void check(const std::filesystem::path& file, const Frame& frame, Diagnostics& found) {
  std::error_code none;
  if (std::filesystem::is_directory(file, none))
    return append(found, lint_prompts(file, frame.of_prompts()));
  switch (kind_of(file)) {
    case FileKind::prompt:
      append(found, lint_prompt(file, frame.of_prompts()));
      break;
    case FileKind::dataset: {
      append(found, lint_dataset({.path = file}));
      break;
    }
    case FileKind::suite: {
      const Result<Suite> suite = load_suite(file, {});
      append(found, suite.problems());
      if (suite) check_suite(*suite, frame, found);
      break;
    }
  }
}

// What --base names must be there, or a version that changed would go unseen.
std::optional<Diagnostic> unknown_base(const Options& options) {
  if (options.base.empty()) return std::nullopt;
  const std::string file = options.files.empty() ? "llmops.yaml" : options.files.front();
  const std::shared_ptr<const GitRepository> repository = GitRepository::find(file);
  if (repository != nullptr && repository->commit(options.base)) return std::nullopt;
  return problem(fmt::format("there is no git revision `{}`", options.base), "",
                 "a shallow clone holds few: fetch it first");
}

// A prompt may be named on the command line and by several suites: what was found twice is shown
// once.
void drop_repeats(Diagnostics& found) {
  std::set<std::string> seen;
  std::erase_if(found, [&](const Diagnostic& each) { return !seen.insert(render(each)).second; });
}

ExitCode run(const Options& options, Console& console) {
  Diagnostics found;
  const std::vector<std::string> files =
      options.files.empty() ? std::vector<std::string>{"llmops.yaml"} : options.files;
  const Result<std::shared_ptr<const TokenCounter>> counter = open_counter(options.tokenizer);
  if (!counter) return console.reject(counter.problems(), "lint");
  if (const auto unknown = unknown_base(options)) return console.reject({*unknown}, "lint");
  const Frame frame{options, options.tokenizer.empty() ? nullptr : *counter};
  for (const std::string& file : files) check(file, frame, found);
  drop_repeats(found);
  if (!options.sarif.empty()) write_atomically(options.sarif, lint_sarif(found, LLMOPS_VERSION));
  const bool failed = has_errors(found);
  if (console.json()) {
    List problems;
    for (const Diagnostic& each : found) problems.push_back(to_value(each));
    console.print_json(Object{
        {"schema_version", 1                                      },
        {"command",        "lint"                                 },
        {"files",          static_cast<std::int64_t>(files.size())},
        {"problems",       std::move(problems)                    }
    });
  } else if (options.github) {
    console.print(github_annotations(found));
  } else {
    console.print(render(found));
    console.print(fmt::format("{} file{} checked, {} problem{}\n", files.size(),
                              files.size() == 1 ? "" : "s", found.size(),
                              found.size() == 1 ? "" : "s"));
  }
  return failed ? ExitCode::bad_input : ExitCode::passed;
}

RunCommand declare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("FILES", options->files,
                 "suites, prompts, datasets, folders of prompts (default: llmops.yaml and what "
                 "it names)");
  app.add_option("--token-budget", options->token_budget,
                 "most tokens of a prompt's fixed text (default: `token_budget` of the suite)")
      ->type_name("N");
  app.add_option(
         "--tokenizer", options->tokenizer,
         "tokenizer.json, .tiktoken, sentencepiece or their folder (default: `tokenizer` of "
         "the suite, else an estimate)")
      ->type_name("PATH");
  app.add_option("--base", options->base,
                 "git revision whose versions must keep their content (default: HEAD)")
      ->type_name("REVISION");
  app.add_option("--sarif", options->sarif, "also write the findings as SARIF 2.1.0")
      ->type_name("FILE");
  app.add_flag("--github", options->github, "print them as annotations of a GitHub workflow")
      ->excludes("--json");
  return [options](Console& console) { return run(*options, console); };
}

}  // namespace

extern const CommandInfo kLintCommand;
constexpr CommandInfo kLintCommand{
    .name = "lint",
    .summary = "Check suites, prompts and datasets without calling anybody",
    .examples =
        "  llmops lint\n  llmops lint prompts datasets/support.jsonl --base origin/main "
        "--sarif lint.sarif\n",
    .declare = &declare,
};

}  // namespace llmops
