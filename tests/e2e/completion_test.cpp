// Completions and manual pages, as shells and troff take them.
#include <doctest/doctest.h>

#include <set>
#include <sstream>

#include "cli/command.h"
#include "datasets/text/files.h"
#include "tests/support/reference.h"
#include "tests/support/run_cli.h"

using namespace llmops;
using namespace llmops::test;

namespace {

std::set<std::string> words(const std::string& text) {
  std::istringstream in(text);
  std::set<std::string> out;
  for (std::string word; in >> word;) out.insert(word);
  return out;
}

// Whether this machine has the program; says why where the test is left out.
bool has(const char* program, const CliOptions& here) {
  if (run_program({"sh", "-c", std::string("command -v ") + program}, here).code == 0) return true;
  MESSAGE("[skipped] " << program << " is not installed");
  return false;
}

std::set<std::string> bash_completes(const std::string& typed, const CliOptions& here) {
  // What bash does at a tab: the words so far, the last one under the cursor.
  const CliRun run = run_program(
      {"bash", "-c",
       "source llmops.bash; read -ra COMP_WORDS <<< \"$1\"; [[ $1 == *' ' ]] && COMP_WORDS+=(''); "
       "COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _llmops; printf '%s\\n' \"${COMPREPLY[@]}\"",
       "bash", typed},
      here);
  CHECK(run.err == "");
  return words(run.out);
}

}  // namespace

TEST_CASE("completion: bash offers commands, flags and the values of closed lists") {
  const TemporaryFolder folder;
  const CliOptions here{.folder = folder.path()};
  const CliRun script = run_cli({"completion", "bash"}, here);
  REQUIRE(script.code == 0);
  folder.write("llmops.bash", script.out);
  const std::set<std::string> first = bash_completes("llmops ", here);
  for (const CommandInfo* command : commands()) {
    CAPTURE(command->name);
    CHECK(first.contains(std::string(command->name)));
  }
  CHECK(bash_completes("llmops ev", here) == std::set<std::string>{"eval"});
  CHECK(bash_completes("llmops eval --samples", here) == std::set<std::string>{"--samples-out"});
  CHECK(bash_completes("llmops runs li", here) == std::set<std::string>{"list"});
  CHECK(bash_completes("llmops --json eval x.yaml --no-g", here) ==
        std::set<std::string>{"--no-gate"});
  CHECK(bash_completes("llmops completion ", here).contains("fish"));
  CHECK(bash_completes("llmops doctor --provider ", here) ==
        std::set<std::string>{"anthropic", "openai"});
  // A file's name: left to the shell.
  CHECK(bash_completes("llmops eval --junit ", here).empty());
}

TEST_CASE("completion: fish offers the same") {
  const TemporaryFolder folder;
  const CliOptions here{.folder = folder.path()};
  if (!has("fish", here)) return;
  folder.write("llmops.fish", run_cli({"completion", "fish"}, here).out);
  const auto completes = [&](const std::string& typed) {
    const CliRun run = run_program(
        {"fish", "--no-config", "-c", "source llmops.fish; complete -C \"$argv[1]\"", typed}, here);
    CHECK(run.err == "");
    std::set<std::string> out;  // "word<TAB>description"
    std::istringstream lines(run.out);
    for (std::string line; std::getline(lines, line);) out.insert(line.substr(0, line.find('\t')));
    return out;
  };
  CHECK(completes("llmops ev") == std::set<std::string>{"eval"});
  CHECK(completes("llmops runs l") == std::set<std::string>{"list"});
  CHECK(completes("llmops eval --samples") == std::set<std::string>{"--samples-out"});
  CHECK(completes("llmops doctor --provider a").contains("anthropic"));
}

TEST_CASE("completion: zsh takes the script") {
  const TemporaryFolder folder;
  const CliOptions here{.folder = folder.path()};
  if (!has("zsh", here)) return;
  folder.write("_llmops", run_cli({"completion", "zsh"}, here).out);
  const CliRun run =
      run_program({"zsh", "-f", "-c",
                   "autoload -U compinit && compinit -D -u && source ./_llmops && "
                   "print $_comps[llmops] && whence -w _llmops_eval _llmops_runs_list"},
                  here);
  CHECK(run.err == "");
  CHECK(run.out == "_llmops\n_llmops_eval: function\n_llmops_runs_list: function\n");
}

TEST_CASE("completion: another shell is refused with the list") {
  const TemporaryFolder folder;
  const CliRun run = run_cli({"completion", "tcsh"}, {.folder = folder.path()});
  CHECK(run.code == 2);
  CHECK(run.err.find("bash") != std::string::npos);
}

TEST_CASE("man: a page for each command, and troff has nothing to say against it") {
  const TemporaryFolder folder;
  const CliOptions here{.folder = folder.path()};
  REQUIRE(run_cli({"man", "--output-dir", "man"}, here).code == 0);
  const bool troff = has("groff", here);
  for (const CommandInfo* command : commands()) {
    CAPTURE(command->name);
    const std::string name = "man/llmops-" + std::string(command->name) + ".1";
    REQUIRE(std::filesystem::exists(folder.path() / name));
    if (!troff) continue;
    const CliRun run = run_program({"groff", "-man", "-Tutf8", "-ww", "-P-cbou", name}, here);
    CHECK(run.err == "");
    CHECK(run.out.find("llmops " + std::string(command->name)) != std::string::npos);
    CHECK(run.out.find("EXIT CODES") != std::string::npos);
  }
  const CliRun one = run_cli({"man", "eval"}, here);
  CHECK(one.out.find(".SH OPTIONS") != std::string::npos);
  CHECK(one.out.find("\\-\\-max\\-cost") != std::string::npos);
  const CliRun wrong = run_cli({"man", "evla"}, here);
  CHECK(wrong.code == 2);
  CHECK(wrong.err.find("did you mean `eval`?") != std::string::npos);
}

TEST_CASE("version: with --json, what the program was built from") {
  const TemporaryFolder folder;
  const CliRun run = run_cli({"--version", "--json"}, {.folder = folder.path()});
  CHECK(run.code == 0);
  for (const char* key : {"\"schema_version\"", "\"version\"", "\"compiler\"", "\"build_type\"",
                          "\"libcurl\"", "\"SQLite\"", "\"unicode\""})
    CHECK_MESSAGE(run.out.find(key) != std::string::npos, key);
}
