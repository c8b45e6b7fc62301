// Checks suites, prompts and datasets without calling anybody.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <set>

#include "cli/command.h"
#include "cli/suite.h"
#include "datasets/dataset.h"
#include "datasets/lint.h"
#include "datasets/text/files.h"
#include "datasets/text/yaml.h"
#include "prompts/lint/lint.h"
#include "prompts/request.h"

namespace llmops {
namespace {

struct Options {
  std::vector<std::string> files;
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

// A suite's prompts are held against the columns of its dataset.
void check_suite(const Suite& suite, Diagnostics& found) {
  const Result<Dataset> dataset =
      Dataset::open(suite.dataset, [&](const Case& row, Diagnostics& problems) {
        for (const auto& prompt : suite.prompts)
          if (Result<std::vector<Message>> messages = render_messages(*prompt, row); !messages)
            append(problems, messages.problems());
      });
  append(found, dataset ? lint_dataset(suite.dataset) : dataset.problems());
  // Columns that mean something by their name alone are used, whether a prompt shows them or not.
  LintOptions options{
      .used_columns = {"id", "reference", "references", "context", "tags", "group", "weight",
                       "metadata"}
  };
  if (dataset) options.columns = dataset->info().columns;
  for (const auto& [word, column] : suite.dataset.fields) options.used_columns.push_back(column);
  for (const auto& prompt : suite.prompts)
    if (!prompt->file.empty()) append(found, lint_prompt(prompt->file, options));
}

void check(const std::filesystem::path& file, Diagnostics& found) {
  switch (kind_of(file)) {
    case FileKind::prompt:
      append(found, lint_prompt(file));
      break;
    case FileKind::dataset: {
      append(found, lint_dataset({.path = file}));
      break;
    }
    case FileKind::suite: {
      const Result<Suite> suite = load_suite(file, {});
      append(found, suite.problems());
      if (suite) check_suite(*suite, found);
      break;
    }
  }
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
  for (const std::string& file : files) check(file, found);
  drop_repeats(found);
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
                 "suites, prompts, datasets (default: llmops.yaml and what it names)");
  return [options](Console& console) { return run(*options, console); };
}

}  // namespace

extern const CommandInfo kLintCommand;
constexpr CommandInfo kLintCommand{
    .name = "lint",
    .summary = "Check suites, prompts and datasets without calling anybody",
    .examples = "  llmops lint\n  llmops lint prompts/support/2.3.1.yaml datasets/support.jsonl\n",
    .declare = &declare,
};

}  // namespace llmops
