// The ready-made pipelines: each parses, and its shell steps run against the built program.
#include <doctest/doctest.h>

#include <regex>

#include "datasets/text/files.h"
#include "datasets/text/yaml.h"
#include "tests/e2e/live_project.h"
#include "tests/support/loopback_server.h"

using namespace llmops;
using namespace llmops::test;
namespace fs = std::filesystem;

namespace {

Value yaml_of(const fs::path& below) {
  const Result<Source> source = read_source(repository(below));
  REQUIRE_MESSAGE(source, below.string());
  Result<Value> value = parse_yaml(*source);
  REQUIRE_MESSAGE(value, render(value.problems()));
  return *std::move(value);
}

// A project of `llmops init` in which the tool counts as installed below `prefix`.
void write_project(const TemporaryFolder& folder, const char* prefix) {
  REQUIRE(run_cli({"init"}, {.folder = folder.path()}).code == 0);
  const CliRun built = run_program({"sh", "-c", "command -v llmops"}, {.folder = folder.path()});
  REQUIRE(built.code == 0);
  fs::create_directories(folder.path() / prefix / "bin");
  fs::create_symlink(built.out.substr(0, built.out.find('\n')),
                     folder.path() / prefix / "bin/llmops");
}

CliRun run_script(const TemporaryFolder& folder, const std::string& script,
                  std::vector<std::pair<std::string, std::string>> environment) {
  return run_program({"bash", "-eo", "pipefail", "-c", script},
                     {.folder = folder.path(), .environment = std::move(environment)});
}

// A clone source with the scripts alone, as the pipelines for other systems fetch the tool.
void write_tool_repository(const TemporaryFolder& folder) {
  fs::create_directories(folder.path() / "tool/ci");
  fs::copy(repository("ci/workflows"), folder.path() / "tool/ci/workflows",
           fs::copy_options::recursive);
  for (const char* file : {"ci/install-packages", "ci/packages"})
    fs::copy(repository(file), folder.path() / "tool" / file);
  const CliRun made = run_script(folder,
                                 "git init -q -b main tool && cd tool && git add . && "
                                 "git -c user.name=t -c user.email=t@localhost commit -qm tool",
                                 {});
  REQUIRE_MESSAGE(made.code == 0, made.err);
}

struct ShellStep {
  std::string name, script;
};

std::vector<ShellStep> action_steps() {
  std::vector<ShellStep> steps;
  const Value action = yaml_of("action.yml");
  for (const Value& step : *find_path(action, "/runs/steps")->list())
    if (const Value* script = step.find("run"))
      steps.push_back({to_text(*step.find("name")), to_text(*script)});
  return steps;
}

const std::string kEvent = R"({"pull_request": {"number": 7}})";

}  // namespace

TEST_CASE("action.yml: no expression stands in a script, where a branch's name could run") {
  const std::vector<ShellStep> steps = action_steps();
  CHECK(steps.size() == 4);
  for (const ShellStep& step : steps)
    CHECK_MESSAGE(step.script.find("${{") == std::string::npos, step.name);
}

TEST_CASE("init: its workflow checks out the tool and runs the action with inputs that it has") {
  const TemporaryFolder folder;
  write_project(folder, "tool");
  const Result<Source> source = read_source(folder.path() / ".github/workflows/llmops.yml");
  REQUIRE(source);
  const Result<Value> workflow = parse_yaml(*source);
  REQUIRE(workflow);
  const List& steps = *find_path(*workflow, "/jobs/gate/steps")->list();
  const Value inputs = *find_path(yaml_of("action.yml"), "/inputs");
  CHECK(to_text(*find_path(steps.at(1), "/with/path")) == ".llmops-tool");
  CHECK(to_text(*steps.back().find("uses")) == "./.llmops-tool");
  for (const Member& input : *steps.back().find("with")->object())
    CHECK_MESSAGE(inputs.find(input.key) != nullptr, input.key);
}

TEST_CASE("action.yml: its steps install, gate, comment and give the verdict") {
  const TemporaryFolder folder;
  write_project(folder, ".cache/llmops-tool");
  int posts = 0;
  const LoopbackServer github([&](const Received& request) {
    if (request.method == "GET") return answer(200, R"([{"id": 1, "body": "of a person"}])");
    ++posts;
    return answer(201, "{}");
  });
  folder.write("event.json", kEvent);
  const std::vector<std::pair<std::string, std::string>> environment = {
      {"GITHUB_ACTION_PATH", repository("").string()},
      {"GITHUB_PATH",        "path.txt"             },
      {"GITHUB_OUTPUT",      "output.txt"           },
      {"GITHUB_EVENT_PATH",  "event.json"           },
      {"GITHUB_REPOSITORY",  "o/r"                  },
      {"GITHUB_API_URL",     github.url()           },
      {"GITHUB_TOKEN",       "ghs_0123456789"       },
      {"LLMOPS_SUITE",       "llmops.yaml"          },
      {"LLMOPS_REPORTS",     "reports"              },
      {"LLMOPS_ARGUMENTS",   "--limit '10' --quiet" },
      {"LLMOPS_EXIT_CODE",   "1"                    },
  };
  for (const ShellStep& step : action_steps()) {
    CAPTURE(step.name);
    const CliRun run = run_script(folder, step.script, environment);
    CHECK_MESSAGE(run.code == (step.name == "Verdict" ? 1 : 0), (run.out + run.err));
    CHECK((run.out + run.err).find("ghs_0123456789") == std::string::npos);
  }
  CHECK(read_source(folder.path() / "path.txt")->text() ==
        (folder.path() / ".cache/llmops-tool/bin\n").string());
  CHECK(read_source(folder.path() / "output.txt")->text() == "exit-code=0\n");
  for (const char* report : {"junit.xml", "comment.md", "report.html"})
    CHECK(fs::exists(folder.path() / "reports" / report));
  CHECK(posts == 1);
  const Received last = github.log().back();
  CHECK(last.method == "POST");
  CHECK(last.path == "/repos/o/r/issues/7/comments");
  CHECK(last.header("authorization") == "Bearer ghs_0123456789");
  CHECK(last.body.find("<!-- llmops -->") != std::string::npos);
}

TEST_CASE("comment.sh: rewrites its own comment, and a job that may not write goes on") {
  const TemporaryFolder folder;
  folder.write("event.json", kEvent);
  folder.write("comment.md", "text with \"quotes\" and `$(touch ran)`\n");
  int status = 200;
  const LoopbackServer github([&](const Received& request) {
    if (request.method == "GET")
      return answer(200, R"([{"id": 5, "body": "x"}, {"id": 9, "body": "<!-- llmops -->\nold"}])");
    return answer(status, "{}");
  });
  const std::vector<std::pair<std::string, std::string>> environment = {
      {"GITHUB_EVENT_PATH", "event.json"    },
      {"GITHUB_REPOSITORY", "o/r"           },
      {"GITHUB_API_URL",    github.url()    },
      {"GITHUB_TOKEN",      "ghs_0123456789"},
  };
  const std::string script = repository("ci/workflows/comment.sh").string() + " comment.md";
  CHECK(run_script(folder, script, environment).code == 0);
  CHECK(github.log().back().method == "PATCH");
  CHECK(github.log().back().path == "/repos/o/r/issues/comments/9");
  CHECK(github.log().back().body.find(R"(\"quotes\" and `$(touch ran)`)") != std::string::npos);
  CHECK_FALSE(fs::exists(folder.path() / "ran"));
  status = 403;
  const CliRun refused = run_script(folder, script, environment);
  CHECK(refused.code == 0);
  CHECK(refused.out.find("::warning::") != std::string::npos);
}

TEST_CASE("gate.sh: the exit code is the verdict's, and arguments run nothing") {
  const TemporaryFolder folder;
  write_project(folder, "tool");
  const std::string script = repository("ci/workflows/gate.sh").string();
  CHECK(run_script(folder, script, {}).code == 0);
  CHECK(run_script(folder, script,
                   {
                       {"LLMOPS_SUITE", "none.yaml"}
  })
            .code == 2);
  const CliRun hostile =
      run_script(folder, script,
                 {
                     {"LLMOPS_ARGUMENTS", "--prompt '$(touch ran)' ; touch ran && `touch ran`"}
  });
  CHECK(hostile.code == 2);
  CHECK_FALSE(fs::exists(folder.path() / "ran"));
}

TEST_CASE("gitlab-ci.yml: its script runs") {
  const TemporaryFolder folder;
  write_project(folder, ".llmops-tool");
  write_tool_repository(folder);
  const Value file = yaml_of("ci/workflows/gitlab-ci.yml");
  std::string script;
  for (const Value& line : *find_path(file, "/llmops/script")->list())
    script += to_text(line) + "\n";
  std::vector<std::pair<std::string, std::string>> environment = {
      {"LLMOPS_REPOSITORY", (folder.path() / "tool").string()}
  };
  for (const Member& variable : *find_path(file, "/llmops/variables")->object())
    environment.emplace_back(variable.key, to_text(variable.value));
  const CliRun run = run_script(folder, script, environment);
  CHECK_MESSAGE(run.code == 0, (run.out + run.err));
  for (const Member& report : *find_path(file, "/llmops/artifacts/reports")->object()) {
    const std::string name = to_text(report.value);
    CHECK_MESSAGE(fs::exists(folder.path() / "llmops-reports" / name.substr(name.find('/') + 1)),
                  name);
  }
}

TEST_CASE("Jenkinsfile: its shell steps run") {
  const TemporaryFolder folder;
  write_project(folder, ".llmops-tool");
  write_tool_repository(folder);
  const std::string file = read_source(repository("ci/workflows/Jenkinsfile"))->text();
  static const std::regex kStep("sh '''([^']*(?:'[^']+)*?)'''");
  int steps = 0;
  for (std::sregex_iterator at(file.begin(), file.end(), kStep), end; at != end; ++at, ++steps) {
    const CliRun run = run_program(
        {
            "sh", "-e", "-c", (*at)[1].str()
    },
        {.folder = folder.path(),
         .environment = {{"LLMOPS_REPOSITORY", (folder.path() / "tool").string()},
                         {"LLMOPS_REF", "main"},
                         {"LLMOPS_SUITE", "llmops.yaml"},
                         {"LLMOPS_REPORTS", "llmops-reports"}}});
    CHECK_MESSAGE(run.code == 0, (run.out + run.err));
  }
  CHECK(steps == 2);
  CHECK(fs::exists(folder.path() / "llmops-reports/report.html"));
  CHECK(std::count(file.begin(), file.end(), '{') == std::count(file.begin(), file.end(), '}'));
}

TEST_CASE(".pre-commit-hooks.yaml: its hook takes prompts and suites, and runs") {
  const TemporaryFolder folder;
  write_project(folder, "tool");
  const Value hooks = yaml_of(".pre-commit-hooks.yaml");
  const Value& hook = hooks.list()->at(0);
  const std::regex files(to_text(*hook.find("files")));
  CHECK(std::regex_search("llmops.yaml", files));
  CHECK(std::regex_search("prompts/capitals/1.0.0.yaml", files));
  CHECK_FALSE(std::regex_search("docs/llmops.md", files));
  const CliRun good = run_script(
      folder, to_text(*hook.find("entry")) + " llmops.yaml prompts/capitals/1.0.0.yaml", {});
  CHECK_MESSAGE(good.code == 0, (good.out + good.err));
}
