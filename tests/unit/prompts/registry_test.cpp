#include "prompts/registry.h"

#include <doctest/doctest.h>

#include "tests/support/reference.h"

using namespace llmops;

namespace {

std::string file(const char* name, const char* version) {
  return std::string("name: ") + name + "\nversion: \"" + version +
         "\"\nuser: \"{{ question }}\"\n";
}

std::string found(const std::string& reference, const std::filesystem::path& folder) {
  const Result<Prompt> prompt = find_prompt(reference, folder);
  if (prompt)
    return prompt->name + "@" + prompt->version + " " +
           prompt->file.lexically_relative(folder).string();
  std::string message = render(prompt.problems());
  for (std::size_t at = message.find(folder.string()); at != std::string::npos;
       at = message.find(folder.string()))
    message.replace(at, folder.string().size(), "FOLDER");
  return message;
}

}  // namespace

TEST_CASE("registry: what a reference finds") {
  const test::TemporaryFolder folder;
  for (const char* version : {"1.9.0", "1.10.0", "1.2.0", "1.10.0-rc.1"})
    (void)folder.write(std::string("prompts/support/") + version + ".yaml",
                       file("support", version));
  (void)folder.write("prompts/gsm8k.yaml", file("gsm8k", "1.0.0"));
  (void)folder.write("prompts/team/triage/0.1.0.yml", file("triage", "0.1.0"));
  (void)folder.write("prompts/support/notes.yaml", "not: a version\n");
  (void)folder.write("other/q.yaml", file("q", "3.0.0"));
  (void)folder.write("prompts/twice.yaml", file("twice", "1.0.0"));
  (void)folder.write("prompts/twice/1.0.0.yaml", file("twice", "1.0.0"));
  (void)folder.write("prompts/twice/0.9.0.yaml", file("twice", "0.9.0"));

  struct Row {
    const char* reference;
    const char* expected;
  };
  const Row rows[] = {
      {"support",                    "support@1.10.0 prompts/support/1.10.0.yaml"                              },
      {"prompts/support",            "support@1.10.0 prompts/support/1.10.0.yaml"                              },
      {"support@1.9.0",              "support@1.9.0 prompts/support/1.9.0.yaml"                                },
      {"support@1.10.0-rc.1",        "support@1.10.0-rc.1 prompts/support/1.10.0-rc.1.yaml"                    },
      {"prompts/support@1.2.0",      "support@1.2.0 prompts/support/1.2.0.yaml"                                },
      {"prompts/support/1.2.0.yaml", "support@1.2.0 prompts/support/1.2.0.yaml"                                },
      {"support/1.2.0.yaml",         "support@1.2.0 prompts/support/1.2.0.yaml"                                },
      {"gsm8k",                      "gsm8k@1.0.0 prompts/gsm8k.yaml"                                          },
      {"prompts/gsm8k@1.0.0",        "gsm8k@1.0.0 prompts/gsm8k.yaml"                                          },
      {"team/triage",                "triage@0.1.0 prompts/team/triage/0.1.0.yml"                              },
      {"other/q",                    "q@3.0.0 other/q.yaml"                                                    },
      {"twice@0.9.0",                "twice@0.9.0 prompts/twice/0.9.0.yaml"                                    },
      {"support@1.9.1",
       "error: `support` has no version 1.9.1\n"
       "  = versions there: 1.10.0, 1.10.0-rc.1, 1.9.0, 1.2.0\n"
       "  = help: did you mean `1.9.0`?\n"                                                                     },
      {"gsm8k@2.0.0",
       "error: `gsm8k` has no version 2.0.0\n"
       "  = versions there: 1.0.0\n"
       "  = help: did you mean `1.0.0`?\n"                                                                     },
      {"suport",
       "error: no prompt `suport`\n"
       "  = prompts here: gsm8k (1.0.0); support (1.10.0, 1.10.0-rc.1, 1.9.0, 1.2.0); team/triage "
       "(0.1.0); twice (1.0.0, 1.0.0, 0.9.0)\n"
       "  = help: did you mean `support`?\n"                                                                   },
      {"support@",                   "error: `support@` names no version\n  = expected `name@1.0.0`\n"         },
      {"",                           "error: no prompt is named\n  = expected a file, `name` or `name@1.0.0`\n"},
      {"gone.yaml",                  "FOLDER/gone.yaml: error: no such file\n"                                 },
      {"twice@1.0.0",
       "error: `twice@1.0.0` stands in two files: FOLDER/prompts/twice/1.0.0.yaml and "
       "FOLDER/prompts/twice.yaml\n"
       "  = help: keep one of the two\n"                                                                       },
  };
  for (const Row& row : rows) {
    CAPTURE(row.reference);
    CHECK(found(row.reference, folder.path()) == row.expected);
  }
}

TEST_CASE("registry: a folder without prompts says where it looked") {
  const test::TemporaryFolder folder;
  CHECK(found("q", folder.path()) ==
        "error: no prompt `q`\n"
        "  = looked for q/ and q.yaml in FOLDER and FOLDER/prompts\n");
}

TEST_CASE("registry: the sample prompts load") {
  const std::filesystem::path folder = test::repository("datasets/examples/support");
  for (const PromptEntry& entry : list_prompts(folder)) {
    for (const PromptVersion& version : entry.versions) {
      const Result<Prompt> prompt = find_prompt(entry.name + "@" + version.version, folder);
      CAPTURE(render(prompt.problems()));
      CHECK(prompt);
    }
  }
  CHECK_FALSE(list_prompts(folder).empty());
}
