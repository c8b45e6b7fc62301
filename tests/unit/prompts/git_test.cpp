#include "prompts/git.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstdlib>

#include "prompts/lint/lint.h"
#include "prompts/prompt_file.h"
#include "prompts/registry.h"
#include "tests/support/reference.h"

using namespace llmops;
namespace fs = std::filesystem;

namespace {

// A repository whose prompt has five revisions; version 1.3.0 was changed in place by the last one.
class Repository {
 public:
  Repository() {
    git("init -q -b main");
    write("1.0.0", "old {{ question }}", "first");
    write("1.1.0", "newer {{ question }}", "second");
    write("1.2.0", "{% include \"tone.txt\" %}{{ question }}", "third");
    write("1.3.0", "newest {{ question }}", "fourth");
    git("tag v1.3");
    write("1.3.0", "newest and changed {{ question }}", "fifth");
  }

  void write(const std::string& version, const std::string& text, const std::string& tone) {
    (void)folder_.write("work/prompts/support.yaml",
                        fmt::format("name: support\nversion: {}\nuser: '{}'\n", version, text));
    (void)folder_.write("work/prompts/tone.txt", tone + " ");
    (void)folder_.write("work/prompts/split/" + version + ".yaml",
                        fmt::format("name: split\nversion: {}\nuser: '{}'\n", version, text));
    git("add -A");
    git(fmt::format("commit -q -m '{} {}'", version, tone));
  }

  void git(const std::string& arguments) const {
    fs::create_directories(folder());
    ++day_;
    const std::string date = fmt::format("2025-11-{:02}T10:00:00Z", day_);
    const std::string command = fmt::format(
        "cd '{}' && GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null GIT_AUTHOR_DATE={} "
        "GIT_COMMITTER_DATE={} git -c user.name=Ada "
        "-c user.email=ada@example.org {} >/dev/null 2>&1",
        folder().string(), date, date, arguments);
    REQUIRE(std::system(command.c_str()) == 0);
  }

  fs::path folder() const { return folder_.path() / "work"; }
  const test::TemporaryFolder& temporary() const { return folder_; }

 private:
  test::TemporaryFolder folder_;
  mutable int day_ = 0;
};

std::string found(const std::string& reference, const fs::path& folder) {
  const Result<Prompt> prompt = find_prompt(reference, folder);
  if (!prompt) return render(prompt.problems());
  return fmt::format("{}@{} {}", prompt->name, prompt->version,
                     prompt->messages.front().parts.front().content.resolved());
}

}  // namespace

TEST_CASE("git: a prompt as a revision has it, its includes too") {
  const Repository repository;
  const fs::path folder = repository.folder();
  struct Row {
    const char* reference;
    const char* expected;
  };
  const Row rows[] = {
      {"support",                      "support@1.3.0 newest and changed {{ question }}"        },
      {"support@main",                 "support@1.3.0 newest and changed {{ question }}"        },
      {"support@main~1",               "support@1.3.0 newest {{ question }}"                    },
      {"support@v1.3",                 "support@1.3.0 newest {{ question }}"                    },
      {"support@main~2",               "support@1.2.0 third {{ question }}"                     },
      {"support@HEAD~4",               "support@1.0.0 old {{ question }}"                       },
      {"prompts/support@main~3",       "support@1.1.0 newer {{ question }}"                     },
      {"prompts/support.yaml@main~3",  "support@1.1.0 newer {{ question }}"                     },
      {"split@main~3",                 "split@1.1.0 newer {{ question }}"                       },
      {"support@main~9",
       "error: `support` has no version, label or git revision `main~9`\n  = there are: 1.3.0\n"},
      {"prompts/support.yaml@nowhere",
       "error: there is no git revision `nowhere` of prompts/support.yaml\n"                    },
  };
  for (const Row& row : rows) {
    CAPTURE(row.reference);
    CHECK(found(row.reference, folder) == row.expected);
  }
  const Result<Prompt> prompt = find_prompt("support@main~1", folder);
  REQUIRE(prompt);
  CHECK(prompt->revision.size() == 40);
  CHECK(prompt->revision == GitRepository::find(folder)->commit("v1.3")->id);
}

TEST_CASE("git: errors in another revision name the file at that revision") {
  const Repository repository;
  (void)repository.temporary().write("work/prompts/support.yaml",
                                     "name: support\nversion: 2.0.0\nuser: '{{ x | uper }}'\n");
  repository.git("commit -q -a -m broken");
  (void)repository.temporary().write("work/prompts/support.yaml",
                                     "name: support\nversion: 2.0.1\nuser: x\n");
  const Result<Prompt> prompt = find_prompt("support@main", repository.folder());
  REQUIRE_FALSE(prompt);
  CHECK(prompt.problems().front().file ==
        (repository.folder() / "prompts/support.yaml").string() + "@main");
  CHECK(prompt.problems().front().line == 3);
  CHECK(found("support", repository.folder()) == "support@2.0.1 x");
}

TEST_CASE("git: links and files outside are not read from a revision") {
  const Repository repository;
  fs::create_symlink("/etc/passwd", repository.folder() / "prompts/link.txt");
  (void)repository.temporary().write(
      "work/prompts/support.yaml",
      "name: support\nversion: 2.0.0\nuser: '{% include \"link.txt\" %}'\n");
  repository.git("add -A");
  repository.git("commit -q -m link");
  CHECK(found("support@main", repository.folder())
            .find("is a link: links of other revisions are not followed") != std::string::npos);
  CHECK(found("support", repository.folder()).find("lies outside the prompt folder") !=
        std::string::npos);
}

TEST_CASE("git: history of a prompt, newest first") {
  const Repository repository;
  const Result<std::vector<PromptRevision>> history =
      prompt_history("support", repository.folder());
  REQUIRE(history);
  std::string shown;
  for (const PromptRevision& each : *history)
    shown += fmt::format("{} {} {} {}\n", each.version, each.commit.author, each.commit.date,
                         each.commit.summary);
  CHECK(shown ==
        "1.3.0 Ada 2025-11-12T10:00:00Z 1.3.0 fifth\n"
        "1.3.0 Ada 2025-11-09T10:00:00Z 1.3.0 fourth\n"
        "1.2.0 Ada 2025-11-07T10:00:00Z 1.2.0 third\n"
        "1.1.0 Ada 2025-11-05T10:00:00Z 1.1.0 second\n"
        "1.0.0 Ada 2025-11-03T10:00:00Z 1.0.0 first\n");
  CHECK((*history)[0].sha256 != (*history)[1].sha256);
  const test::TemporaryFolder elsewhere;
  CHECK_FALSE(prompt_history("support", elsewhere.path()));
}

TEST_CASE("git: a merge that changes nothing of its own is no part of the history") {
  const Repository repository;
  repository.git("checkout -q -b side main~1");
  (void)repository.temporary().write("work/other.txt", "x");
  repository.git("add -A");
  repository.git("commit -q -m side");
  repository.git("checkout -q main");
  repository.git("merge -q --no-ff -m merge side");
  CHECK(GitRepository::find(repository.folder())
            ->history("HEAD", repository.folder() / "prompts/support.yaml")
            .size() == 5);
  CHECK(GitRepository::find(repository.folder())
            ->history("HEAD", repository.folder() / "prompts/support.yaml", 2)
            .size() == 2);
}

TEST_CASE("lint: content-changed compares with a revision") {
  const Repository repository;
  const fs::path file = repository.folder() / "prompts/support.yaml";
  const auto changed = [&](const char* base) {
    LintOptions options;
    options.git_base = base;
    std::string shown;
    for (const Diagnostic& each : lint_prompt(file, options))
      if (each.rule == "content-changed") shown += each.what.substr(0, each.what.find(" (")) + "\n";
    return shown;
  };
  CHECK(changed("HEAD") == "");
  CHECK(changed("v1.3") == "version 1.3.0 asks something else than at v1.3\n");
  CHECK(changed("main~2") == "");  // another version there
  CHECK(changed("nowhere") == "");
  (void)repository.temporary().write(
      "work/prompts/support.yaml",
      "name: support\nversion: 1.3.0\nauthor: me\nuser: 'newest and changed {{ question }}'\n");
  CHECK(changed("HEAD") == "");  // what is asked is the same
  (void)repository.temporary().write(
      "work/prompts/support.yaml",
      "name: support\nversion: 1.3.0\nuser: 'edited {{ question }}'\n");
  CHECK(changed("HEAD") == "version 1.3.0 asks something else than at HEAD\n");
}
