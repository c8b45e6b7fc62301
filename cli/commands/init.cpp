// Writes a small project that runs at once by replay; refuses to overwrite.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>

#include "cli/command.h"
#include "cli/recipes.h"
#include "datasets/text/files.h"
#include "datasets/text/utf8.h"

namespace llmops {
namespace fs = std::filesystem;
namespace {

struct Options {
  std::string folder = ".";
  std::string recipe;
};

constexpr std::string_view kSuite = "llmops.yaml";

// The files of a project: the recipe's own, and the workflow that gates its suite. A recipe whose
// suite lies below stands beside a project that has one.
std::vector<RecipeFile> files_of(const Recipe& recipe) {
  std::vector<RecipeFile> files;
  for (const RecipeFile& file : recipe_files())
    if (file.recipe == recipe.name || (file.recipe == "common" && suite_of(recipe) == kSuite))
      files.push_back(file);
  files.push_back({"common", ".gitignore", "/.llmops/\n"});
  return files;
}

ExitCode run(const Options& options, Console& console) {
  const std::string& folder = options.folder;
  const Recipe* recipe = options.recipe.empty() ? &recipes().front() : find_recipe(options.recipe);
  if (recipe == nullptr) {
    std::vector<std::string_view> names;
    for (const Recipe& each : recipes()) names.push_back(each.name);
    return console.reject({problem(fmt::format("there is no recipe `{}`", options.recipe),
                                   expected_one_of(names), did_you_mean(options.recipe, names))},
                          "init");
  }
  const std::vector<RecipeFile> files = files_of(*recipe);
  Diagnostics problems;
  for (const RecipeFile& file : files) {
    // A repository has its own .gitignore already: that one is left alone.
    if (fs::exists(fs::path(folder) / file.path) && file.path != ".gitignore") {
      Diagnostic found =
          problem("is there already, and `init` overwrites nothing", "", "name an empty folder");
      found.file = (fs::path(folder) / file.path).string();
      problems.push_back(std::move(found));
    }
  }
  if (!problems.empty()) return console.reject(problems, "init");
  List written;
  for (const RecipeFile& file : files) {
    const fs::path path = fs::path(folder) / file.path;
    if (fs::exists(path)) continue;
    write_atomically(path, file.content);
    written.push_back(path.lexically_normal().string());
  }
  if (console.json()) {
    console.print_json(Object{
        {"schema_version", 1                 },
        {"command",        "init"            },
        {"recipe",         recipe->name      },
        {"files",          std::move(written)}
    });
    return ExitCode::passed;
  }
  std::string text;
  for (const Value& file : written) text += fmt::format("wrote {}\n", visible(to_text(file)));
  // The default suite needs no name.
  const std::string path(suite_of(*recipe));
  const std::string suite = path == kSuite ? "" : " " + path;
  const std::string store =
      path == kSuite ? "" : " --store " + (fs::path(path).parent_path() / ".llmops").string();
  const std::string enter = folder == "." ? "" : fmt::format("  cd {}\n", visible(folder));
  console.print(
      text +
      fmt::format("\nNext:\n{0}  llmops eval{2}\n  llmops baseline set last baselines/{1}.json{3}\n"
                  "  llmops eval{2} --baseline baselines/{1}.json --html report.html\n",
                  enter, recipe->name, suite, store));
  return ExitCode::passed;
}

std::string recipes_help() {
  std::string text = "what the project is about:\n";
  for (const Recipe& each : recipes())
    text += fmt::format("{}{}{}: {}\n", each.name, each.aliases.empty() ? "" : " or ", each.aliases,
                        each.summary);
  text.pop_back();
  return text;
}

RunCommand declare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("FOLDER", options->folder, "where the project goes")->capture_default_str();
  app.add_option("--recipe", options->recipe, recipes_help())->type_name("NAME");
  return [options](Console& console) { return run(*options, console); };
}

}  // namespace

extern const CommandInfo kInitCommand;
constexpr CommandInfo kInitCommand{
    .name = "init",
    .summary = "Write a small working project, for any of ten shapes of task",
    .examples = "  llmops init\n  llmops init my-project --recipe gsm8k\n",
    .declare = &declare,
};

}  // namespace llmops
