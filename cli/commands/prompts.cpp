// The prompt registry: versions, labels, evidence, rollouts.
#include <CLI/CLI.hpp>
#include <memory>
#include <vector>

#include "cli/command.h"
#include "cli/prompt_registry.h"
#include "cli/prompt_rollout.h"

namespace llmops {
namespace {

RunCommand declare(CLI::App& app) {
  struct Part {
    const char* name;
    const char* summary;
    RunCommand (*declare)(CLI::App&, const StoreOptions&);
  };
  static constexpr Part kParts[] = {
      {"list",     "every prompt with its versions and labels",             &declare_prompts_list    },
      {"show",     "one version: facts, parameters, templates",             &declare_prompts_show    },
      {"history",  "the commits that changed a prompt",                     &declare_prompts_history },
      {"render",   "the messages for a case, with their tokens",            &declare_prompts_render  },
      {"promote",  "put a label on a version, on the evidence of its gate",
       &declare_prompts_promote                                                                      },
      {"rollback", "take a label back to the version before",               &declare_prompts_rollback},
      {"assign",   "the version that a user gets in a rollout",             &declare_prompts_assign  },
      {"audit",    "who changed which label, and whether the log is whole", &declare_prompts_audit   },
  };
  auto where = std::make_shared<StoreOptions>();
  app.require_subcommand(1);
  std::vector<std::pair<CLI::App*, RunCommand>> declared;
  for (const Part& part : kParts) {
    CLI::App* sub = app.add_subcommand(part.name, part.summary);
    declare_store_options(*sub, *where);
    declared.emplace_back(sub, part.declare(*sub, *where));
  }
  return [where, declared](Console& console) {
    for (const auto& each : declared)
      if (each.first->parsed()) return each.second(console);
    return ExitCode::bad_input;
  };
}

}  // namespace

extern const CommandInfo kPromptsCommand;
constexpr CommandInfo kPromptsCommand{
    .name = "prompts",
    .summary = "The prompt registry: versions, labels, history, rollout",
    .examples =
        "  llmops prompts render support@2.3.1 --dataset support.jsonl --case refund-001\n"
        "  llmops prompts promote support@2.3.1 production\n",
    .declare = &declare,
};

}  // namespace llmops
