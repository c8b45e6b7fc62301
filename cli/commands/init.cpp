// Writes a small project that runs at once by replay; refuses to overwrite.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>

#include "cli/command.h"
#include "datasets/text/files.h"
#include "datasets/text/utf8.h"

namespace llmops {
namespace fs = std::filesystem;
namespace {

struct ProjectFile {
  const char* path;
  const char* content;
};

constexpr ProjectFile kProject[] = {
    {"llmops.yaml",
     R"(# What is asked, of whom, how it is scored, what is gated. `llmops eval` runs it.
prompt: capitals@1.0.0
dataset: {path: datasets/capitals.jsonl, fields: {reference: capital}}
# Recorded outputs: no network, no key. For a live model put this in its place:
#   model: {provider: openai, base_url: http://127.0.0.1:8000/v1, name: my-model}
model: {provider: replay, path: recordings/capitals.jsonl, match: id, output: output, name: recorded}
evaluators:
  - exact_match
  - token_f1
gate:
  # After the first accepted run, compare with it:
  #   llmops eval --no-gate && llmops baseline set last baselines/capitals.json
  # baseline: baselines/capitals.json
  rules:
    - {metric: exact_match, min: 0.5}
    - {metric: error_rate, max: 50%}
)"},
    {"prompts/capitals/1.0.0.yaml",
     R"(name: capitals
version: "1.0.0"
changelog: First version
system: Answer with the name of the city alone.
user: "What is the capital of {{ country }}?"
parameters: {temperature: 0, max_tokens: 16}
)"                                                                   },
    {"datasets/capitals.jsonl",
     R"({"id": "fr", "country": "France", "capital": "Paris"}
{"id": "de", "country": "Germany", "capital": "Berlin"}
{"id": "jp", "country": "Japan", "capital": "Tokyo"}
{"id": "ke", "country": "Kenya", "capital": "Nairobi"}
{"id": "br", "country": "Brazil", "capital": "Brasília"}
{"id": "au", "country": "Australia", "capital": "Canberra"}
{"id": "ca", "country": "Canada", "capital": "Ottawa"}
{"id": "in", "country": "India", "capital": "New Delhi"}
{"id": "eg", "country": "Egypt", "capital": "Cairo"}
{"id": "pe", "country": "Peru", "capital": "Lima"}
)"                            },
    {"recordings/capitals.jsonl",
     R"({"id": "fr", "output": "Paris"}
{"id": "de", "output": "Berlin"}
{"id": "jp", "output": "Tokyo"}
{"id": "ke", "output": "Nairobi"}
{"id": "br", "output": "Brasília"}
{"id": "au", "output": "Canberra"}
{"id": "ca", "output": "Ottawa"}
{"id": "in", "output": "New Delhi"}
{"id": "eg", "output": "Cairo"}
{"id": "pe", "output": "Lima"}
)"                                                  },
    {".github/workflows/llmops.yml",
     R"(name: llmops
on: pull_request
jobs:
  gate:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - name: Gate the change
        run: llmops eval --junit junit.xml --markdown comment.md --html report.html
      - name: Keep the reports
        if: always()
        uses: actions/upload-artifact@v4
        with: {name: llmops, path: "junit.xml\ncomment.md\nreport.html"}
)"                                                                     },
    {".gitignore",                   "/.llmops/\n"                                       },
};

ExitCode run(const std::string& folder, Console& console) {
  Diagnostics problems;
  for (const ProjectFile& file : kProject) {
    // A repository has its own .gitignore already: that one is left alone.
    if (fs::exists(fs::path(folder) / file.path) && std::string_view(file.path) != ".gitignore") {
      Diagnostic found =
          problem("is there already, and `init` overwrites nothing", "", "name an empty folder");
      found.file = (fs::path(folder) / file.path).string();
      problems.push_back(std::move(found));
    }
  }
  if (!problems.empty()) return console.reject(problems, "init");
  List written;
  for (const ProjectFile& file : kProject) {
    const fs::path path = fs::path(folder) / file.path;
    if (fs::exists(path)) continue;
    write_atomically(path, file.content);
    written.push_back(path.lexically_normal().string());
  }
  if (console.json()) {
    console.print_json(Object{
        {"schema_version", 1                 },
        {"command",        "init"            },
        {"files",          std::move(written)}
    });
    return ExitCode::passed;
  }
  std::string text;
  for (const Value& file : written) text += fmt::format("wrote {}\n", visible(to_text(file)));
  const std::string enter = folder == "." ? "" : fmt::format("  cd {}\n", visible(folder));
  console.print(
      text +
      fmt::format("\nNext:\n{}  llmops eval\n  llmops baseline set last baselines/capitals.json\n"
                  "  llmops eval --baseline baselines/capitals.json --html report.html\n",
                  enter));
  return ExitCode::passed;
}

RunCommand declare(CLI::App& app) {
  auto folder = std::make_shared<std::string>(".");
  app.add_option("FOLDER", *folder, "where the project goes")->capture_default_str();
  return [folder](Console& console) { return run(*folder, console); };
}

}  // namespace

extern const CommandInfo kInitCommand;
constexpr CommandInfo kInitCommand{
    .name = "init",
    .summary = "Write a small working project",
    .examples = "  llmops init\n  llmops init my-project\n",
    .declare = &declare,
};

}  // namespace llmops
