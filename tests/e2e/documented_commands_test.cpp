// Every command line of every README and of every command's help, run in a project that has what it
// names. None may be refused (2) or meet a bug (70): what a gate decides is its own business.
#include <doctest/doctest.h>

#include <algorithm>
#include <sstream>

#include "cli/command.h"
#include "datasets/text/files.h"
#include "tests/e2e/live_project.h"
#include "tests/support/hub_server.h"
#include "tests/support/loopback_server.h"

using namespace llmops;
using namespace llmops::test;
namespace fs = std::filesystem;

namespace {

struct Line {
  std::string where, command;
};

void add_lines(const std::string& where, std::istream& text, bool readme,
               std::vector<Line>& lines) {
  bool fenced = false;
  std::string joined;
  for (std::string line; std::getline(text, line);) {
    if (line.starts_with("```")) fenced = !fenced;
    const bool code = !readme || fenced || line.starts_with("    ");
    const std::size_t from = line.find_first_not_of(' ');
    if (!code || from == std::string::npos) continue;
    line = line.substr(from);
    if (line.starts_with("$ ")) line = line.substr(2);
    if (joined.empty() && !line.starts_with("llmops ")) continue;
    joined += line;
    if (joined.ends_with("\\")) {
      joined.pop_back();
      continue;
    }
    lines.push_back({where, joined});
    joined.clear();
  }
}

std::vector<Line> documented() {
  std::vector<Line> lines;
  for (const char* top : {"README.md", "ci", "cli", "datasets", "evaluators", "prompts", "tests"}) {
    std::vector<fs::path> files = {repository(top)};
    if (fs::is_directory(files.front())) {
      const fs::path folder = files.front();
      files.clear();
      for (const auto& entry : fs::recursive_directory_iterator(folder))
        if (entry.path().filename() == "README.md") files.push_back(entry.path());
    }
    std::ranges::sort(files);
    for (const fs::path& file : files) {
      std::istringstream text(read_source(file)->text());
      add_lines(file.lexically_relative(repository("")).string(), text, true, lines);
    }
  }
  for (const CommandInfo* command : commands()) {
    std::istringstream text{std::string(command->examples)};
    add_lines("llmops " + std::string(command->name) + " --help", text, false, lines);
  }
  return lines;
}

// What a line needs besides the common project; the first whose text stands in the line counts.
struct Need {
  const char* text;
  const char* setup;
};

constexpr Need kNeeds[] = {
    {"eval support/llmops.yaml",        "mkdir support && git archive HEAD | tar -x -C support"          },
    {"capitals@1.1.0",
     "rm -rf llmops.yaml prompts datasets baselines && llmops init . && "
     "sed s/1.0.0/1.1.0/ prompts/capitals/1.0.0.yaml > prompts/capitals/1.1.0.yaml"                      },
    {"llmops init",                     "rm -rf llmops.yaml prompts datasets baselines"                  },
    {"--resume last",                   "llmops eval --no-gate --max-tokens 100 || true"                 },
    {"shard-1/.llmops",
     "for i in 1 2; do LLMOPS_HOME=shard-$i/.llmops llmops eval --shard $i/2; done"                      },
    {"20261121T02",                     "rm -rf .llmops; for i in 1 2; do llmops eval --shard $i/2; done"},
    {"prompts rollback support canary",
     "for v in 2.3.0 2.3.1; do llmops eval easy.yaml --prompt support@$v; "
     "llmops prompts promote support@$v canary; done"                                                    },
    {"prompts assign",
     "llmops eval easy.yaml --prompt support@2.3.1 && llmops prompts promote support@2.3.1 "
     "production"                                                                                        },
    {"prompts promote",                 "llmops eval easy.yaml --prompt support@2.3.1"                   },
    {"prompts audit",
     "llmops eval easy.yaml --prompt support@2.3.1 && llmops prompts promote support@2.3.1 "
     "production"                                                                                        },
    {"baseline rollback",
     "for i in 1 2; do llmops eval --no-gate; llmops baseline set last baselines/support.json "
     "--force; done"                                                                                     },
    {"judge calibrate",
     "printf 'id,question,output,answer,label,grade,verdict\\n1,q,a,a,4,4,Score: 4\\n"
     "2,q,b,b,2,2,Score: 3\\n' > labelled.csv && "
     "printf 'prompt: {name: q, version: 1.0.0, user: hello}\\ndataset: labelled.csv\\n"
     "model: &m {provider: replay, path: labelled.csv, match: id, output: verdict}\\njudge: *m\\n"
     "evaluators: [{rubric: {criteria: c, steps: none}}]\\n' > llmops.yaml"                              },
    {"--base origin/main",              "git update-ref refs/remotes/origin/main HEAD"                   },
    {"--hypothesis old,new",
     "printf 'old,new,ref\\na b c,a b c d,a b c d e\\nd e f,d e,d e f g\\n' > pairs.csv"                 },
    {"~/.config/fish",                  "mkdir -p ~/.config/fish/completions"                            },
};

// Long times are for people, and servers of examples are not there.
constexpr std::pair<const char*, const char*> kShorter[] = {
    {"postgresql://ci@db.example.org/evals", "team"           },
    {"--duration 60s",                       "--duration 1s"  },
    {"--warm-up 10s",                        "--warm-up 200ms"},
};

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

CliRun shell(const fs::path& folder, const std::string& script) {
  return run_program({"bash", "-c", script}, {.folder = folder});
}

// The sample project as a git repository with two runs, and the files that examples name.
void write_project(const TemporaryFolder& folder, const std::string& url) {
  fs::copy(repository("datasets/examples/support"), folder.path() / "p",
           fs::copy_options::recursive);
  const std::string suite = read_source(folder.path() / "p/llmops.yaml")->text();
  folder.write("p/easy.yaml", suite.substr(0, suite.find("gate:")) +
                                  "gate: {rules: [{metric: error_rate, max: 90%}]}\n");
  folder.write("p/scores.csv", "a,b\n1,0\n0,0\n1,1\n0,1\n1,0\n0.5,0.25\n");
  folder.write("p/pairs.csv", "hyp,ref\na b c d,a b c d e\nb c d e,b c d\n");
  folder.write("p/outputs.jsonl",
               "{\"output\": \"a b c d\", \"answer\": \"a b c\"}\n"
               "{\"output\": \"d e f g\", \"answer\": \"d e f g\"}\n");
  folder.write("p/faq.csv", "question,answer,topic\nwhy,because,x\nhow,so,y\n");
  folder.write("p/bench.yaml",
               "model: {provider: openai, base_url: " + url +
                   "/v1, name: m}\nload: {concurrency: 2, requests: 20}\n"
                   "workload: {input_tokens: 8, output_tokens: 3, ignore_eos: false}\n");
  std::string rows;
  for (int i = 0; i < 40; ++i)
    rows += "{\"case_id\": \"c" + std::to_string(i) +
            "\", \"scores\": {\"pass\": " + (i % 3 == 0 ? "0" : "1") + "}}\n";
  folder.write("p/new.jsonl", rows);
  folder.write("p/old.jsonl", rows);
  const char* rules =
      "metrics: {pass: {kind: binary}}\ngate: {rules: [{metric: pass, max_drop: 0.5}]}\n";
  folder.write("p/rules.yaml", rules);
  folder.write("p/gate.yaml", rules);
  const CliRun made =
      shell(folder.path() / "p",
            "set -e; mkdir datasets; cp support.jsonl datasets; git init -q -b main .; git add -A; "
            "git -c user.name=t -c user.email=t@localhost commit -qm one; "
            "for i in 1 2; do llmops eval --no-gate >/dev/null; done");
  REQUIRE_MESSAGE(made.code == 0, made.err);
}

}  // namespace

// A hub with the models that the documentation fetches.
Reply hub_answer(const Received& request) {
  for (const char* name : {"roberta-large", "bert-base-multilingual-cased"}) {
    auto model = std::make_shared<HubModel>();
    model->name = name;
    model->files = {
        {"config.json",       "{}"     },
        {"model.safetensors", "weights"}
    };
    if (request.path.find(std::string("/") + name + "/") != std::string::npos)
      return hub_script(model)(request);
  }
  return nullptr;
}

TEST_CASE("documentation: every command line runs") {
  const TemporaryFolder folder;
  const LoopbackServer server([](const Received& request) {
    if (Reply hub = hub_answer(request)) return hub;
    if (request.path == "/v1/models")
      return answer(200, R"({"data": [{"id": "my-model"}, {"id": "qwen2.5-7b"}]})");
    return chat_reply(request, "a few words");
  });
  write_project(folder, server.url());
  int ran = 0;
  for (const Line& line : documented()) {
    const fs::path here = folder.path() / "run";
    fs::remove_all(here);
    fs::copy(folder.path() / "p", here, fs::copy_options::recursive);
    for (const Need& need : kNeeds) {
      if (line.command.find(need.text) == std::string::npos) continue;
      const CliRun setup = shell(here, need.setup);
      CHECK_MESSAGE(setup.code == 0, (line.command + "\n" + setup.out + setup.err));
      break;
    }
    std::string command = line.command;
    for (const char* address : {"http://127.0.0.1:8000", "http://other:8000"})
      command = replaced(command, address, server.url());
    command = replaced(command, "llmops models", "HF_ENDPOINT=" + server.url() + " llmops models");
    for (const auto& shorter : kShorter) command = replaced(command, shorter.first, shorter.second);
    if (command.find("20261121T0") != std::string::npos) {
      // Runs of the day that it is.
      std::istringstream runs(
          shell(here, "llmops runs list --json | grep -o '[0-9]*T[0-9]*-[0-9a-f]*'").out);
      for (const char* stands : {"20261121T02", "20261121T03"}) {
        std::string id;
        runs >> id;
        command = replaced(command, stands, id);
      }
    }
    if (command.starts_with("llmops view"))  // serves until it is told to stop
      command += " > url & until [ -s url ]; do sleep 0.05; done; kill -INT $!; wait $!";
    const CliRun run = shell(here, command);
    CAPTURE(line.where);
    CAPTURE(command);
    const bool refused = run.code == 2 || run.code >= 70 || run.timed_out;
    CHECK_MESSAGE(!refused, (std::to_string(run.code) + "\n" + run.out.substr(0, 500) + run.err));
    ++ran;
  }
  CHECK(ran > 40);
}
