#include "cli/prompt_rollout.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <memory>

#include "ci/summary.h"
#include "cli/now.h"
#include "cli/prompt_registry.h"
#include "cli/rendered.h"
#include "datasets/text/files.h"
#include "datasets/text/json.h"
#include "datasets/text/utf8.h"
#include "prompts/audit.h"
#include "prompts/git.h"
#include "prompts/rollout.h"

namespace llmops {
namespace {

struct Options {
  std::string prompt, label, run, author;
  std::vector<std::string> keys;
  double percent = 100;
  bool force = false, verify = false;
};

std::string text_of(const Object& from, std::string_view key) {
  const Value* found = from.find(key);
  return found == nullptr ? "" : to_text(*found);
}

// --author, else what git knows of the user, else the name of the account.
std::string author_of(const Options& options, const std::filesystem::path& folder) {
  if (!options.author.empty()) return options.author;
  if (const auto repository = GitRepository::find(folder))
    if (const std::string user = repository->user(); !user.empty()) return user;
  for (const char* name : {"GIT_AUTHOR_NAME", "USER", "LOGNAME"})
    if (const char* value = std::getenv(name); value != nullptr && *value != '\0') return value;
  return "unknown";
}

Evidence evidence_of(const StoredRunInfo& info, const Store& store) {
  const Value* outcome = info.verdict.find("outcome");
  Evidence evidence{.run = info.header.id,
                    .verdict = outcome != nullptr     ? to_text(*outcome)
                               : info.header.complete ? "none"
                                                      : "incomplete",
                    .prompt_sha256 = text_of(info.header.prompt, "sha256"),
                    .date = info.header.created};
  std::vector<std::string> warnings;
  const Summary summary = summarize(*store.open_run(info.header), warnings);
  for (const MeasureSummary& figures : summary.measures)
    if (!figures.measure.builtin && figures.mean)
      evidence.scores.add(figures.measure.name, *figures.mean);
  return evidence;
}

// The run that was named, else the newest one of this content that was gated, else the newest one.
Result<std::optional<Evidence>> find_evidence(const Options& options, const StoreOptions& where,
                                              const Prompt& prompt) {
  const Result<std::shared_ptr<Store>> store = open_store(where);
  if (!store) {
    if (!options.run.empty()) return store.problems();
    return std::optional<Evidence>();
  }
  if (!options.run.empty()) {
    const Result<StoredRunInfo> named = (*store)->find_run(options.run);
    if (!named) return named.problems();
    return std::optional(evidence_of(*named, **store));
  }
  std::optional<StoredRunInfo> best;
  for (StoredRunInfo& info : (*store)->runs()) {
    if (text_of(info.header.prompt, "sha256") != prompt.sha256) continue;
    if (best && info.verdict.is_null()) continue;
    const bool gated = !info.verdict.is_null();
    best = std::move(info);
    if (gated) break;
  }
  if (!best) return std::optional<Evidence>();
  return std::optional(evidence_of(*best, **store));
}

Object entry_value(const char* command, const std::string& prompt, const std::string& label,
                   const LabelEntry& entry) {
  Object out{
      {"schema_version", 1            },
      {"command",        command      },
      {"prompt",         prompt       },
      {"label",          label        },
      {"version",        entry.version},
      {"sha256",         entry.sha256 },
      {"percent",        entry.percent},
      {"forced",         entry.forced },
      {"date",           entry.date   },
      {"author",         entry.author }
  };
  if (entry.evidence) {
    out.add("run", entry.evidence->run);
    out.add("verdict", entry.evidence->verdict);
    out.add("scores", entry.evidence->scores);
  }
  return out;
}

ExitCode promote_version(const Options& options, const StoreOptions& where, Console& console) {
  const std::filesystem::path folder = project_folder(where);
  const Result<Prompt> prompt = named_prompt(options.prompt, folder);
  if (!prompt) return console.reject(prompt.problems(), "prompts promote");
  if (!prompt->revision.empty())
    return console.reject(
        {problem(fmt::format("`{}` is a git revision", options.prompt),
                 "expected a version of the work tree",
                 "a label names a version: put that content back under its number first")},
        "prompts promote");
  const Result<std::optional<Evidence>> evidence = find_evidence(options, where, *prompt);
  if (!evidence) return console.reject(evidence.problems(), "prompts promote");
  const Result<LabelEntry> entry =
      promote(folder, *prompt, options.label, options.percent, *evidence,
              {author_of(options, folder), now_utc(), options.force});
  if (!entry) return console.reject(entry.problems(), "prompts promote");
  if (console.json()) {
    console.print_json(entry_value("prompts promote", prompt->name, options.label, *entry));
    return ExitCode::passed;
  }
  std::string text =
      fmt::format("{} is now `{}` of {}", entry->version, options.label, prompt->name);
  if (entry->percent < 100) text += fmt::format(" for {}% of the users", entry->percent);
  text += entry->forced     ? ", forced against the evidence"
          : entry->evidence ? fmt::format(", on the gate of run {}", entry->evidence->run)
                            : "";
  console.print(visible(text) + "\n");
  return ExitCode::passed;
}

ExitCode roll_back(const Options& options, const StoreOptions& where, Console& console) {
  const std::filesystem::path folder = project_folder(where);
  const Result<LabelEntry> entry = rollback(folder, options.prompt, options.label,
                                            {author_of(options, folder), now_utc(), false});
  if (!entry) return console.reject(entry.problems(), "prompts rollback");
  if (console.json())
    console.print_json(entry_value("prompts rollback", options.prompt, options.label, *entry));
  else
    console.print(visible(fmt::format("{} is again `{}` of {}", entry->version, options.label,
                                      options.prompt)) +
                  "\n");
  return ExitCode::passed;
}

ExitCode assign_users(const Options& options, const StoreOptions& where, Console& console) {
  const Result<Labels> labels = load_labels(project_folder(where));
  if (!labels) return console.reject(labels.problems(), "prompts assign");
  const LabeledPrompt* prompt = labels->find(options.prompt);
  if (prompt == nullptr)
    return console.reject({problem(fmt::format("`{}` has no label", options.prompt), "",
                                   "`llmops prompts promote` gives it one")},
                          "prompts assign");
  List users;
  std::string text;
  for (const std::string& key : options.keys) {
    const Result<Assignment> made = assign(*prompt, key);
    if (!made) return console.reject(made.problems(), "prompts assign");
    users.push_back(Object{
        {"key",     key          },
        {"version", made->version},
        {"label",   made->label  },
        {"bucket",  made->bucket }
    });
    text += visible(fmt::format("{}@{}  {}, bucket {:.4f}{}", options.prompt, made->version,
                                made->label, made->bucket,
                                options.keys.size() > 1 ? ", key " + key : "")) +
            "\n";
  }
  if (console.json())
    console.print_json(Object{
        {"schema_version", 1               },
        {"command",        "prompts assign"},
        {"prompt",         options.prompt  },
        {"users",          std::move(users)}
    });
  else
    console.print(text);
  return ExitCode::passed;
}

ExitCode audit(const Options& options, const StoreOptions& where, Console& console) {
  const std::filesystem::path folder = project_folder(where);
  const Result<AuditHead> head = verify_rollout(folder);
  if (!head) return console.reject(head.problems(), "prompts audit");
  if (options.verify && !console.json()) {
    console.print(head->entries == 0
                      ? "the audit log is empty\n"
                      : fmt::format("{} entr{}, the chain holds: {}\n", head->entries,
                                    head->entries == 1 ? "y" : "ies", head->hash));
    return ExitCode::passed;
  }
  List entries;
  std::string text;
  std::error_code none;
  if (std::filesystem::exists(audit_file(folder), none)) {
    Result<LineReader> lines = LineReader::open(audit_file(folder));
    if (!lines) return console.reject(lines.problems(), "prompts audit");
    std::string_view line;
    while (lines->next(line)) {
      Result<Value> entry = parse_json(line, lines->file(), lines->line_number());
      if (!entry) return console.reject(entry.problems(), "prompts audit");
      const auto at = [&](const char* path) {
        const Value* found = find_path(*entry, path);
        return found == nullptr ? std::string() : to_text(*found);
      };
      const std::string forced = at("/entry/forced") == "true" ? ", forced" : "";
      const std::string run = at("/entry/evidence/run");
      text += visible(fmt::format("{:>4}  {}  {}  {} {}@{} {}{}{}", at("/number"), at("/date"),
                                  at("/author"), at("/action"), at("/prompt"), at("/entry/version"),
                                  at("/label"), forced, run.empty() ? "" : ", run " + run)) +
              "\n";
      entries.push_back(*std::move(entry));
    }
  }
  if (console.json())
    console.print_json(Object{
        {"schema_version", 1                 },
        {"command",        "prompts audit"   },
        {"holds",          true              },
        {"hash",           head->hash        },
        {"entries",        std::move(entries)}
    });
  else
    console.print(text.empty() ? "the audit log is empty\n" : text);
  return ExitCode::passed;
}

}  // namespace

RunCommand declare_prompts_promote(CLI::App& app, const StoreOptions& where) {
  auto options = std::make_shared<Options>();
  app.add_option("PROMPT", options->prompt, "name@version")->required();
  app.add_option("LABEL", options->label, "production, canary, ...")->required();
  app.add_option("--percent", options->percent, "share of the users, for a rollout")
      ->capture_default_str();
  app.add_option("--run", options->run,
                 "the run whose gate passed (default: the newest gated one of this content)")
      ->type_name("RUN");
  app.add_option("--author", options->author, "who promotes (default: the user of git)");
  app.add_flag("--force", options->force, "against the evidence; the log says so");
  return [=, &where](Console& console) { return promote_version(*options, where, console); };
}

RunCommand declare_prompts_rollback(CLI::App& app, const StoreOptions& where) {
  auto options = std::make_shared<Options>();
  app.add_option("NAME", options->prompt, "a prompt's name")->required();
  app.add_option("LABEL", options->label, "production, canary, ...")->required();
  app.add_option("--author", options->author, "who rolls back (default: the user of git)");
  return [=, &where](Console& console) { return roll_back(*options, where, console); };
}

RunCommand declare_prompts_assign(CLI::App& app, const StoreOptions& where) {
  auto options = std::make_shared<Options>();
  app.add_option("NAME", options->prompt, "a prompt's name")->required();
  app.add_option("--key", options->keys, "the user's key; may be repeated")
      ->type_name("USER")
      ->required();
  return [=, &where](Console& console) { return assign_users(*options, where, console); };
}

RunCommand declare_prompts_audit(CLI::App& app, const StoreOptions& where) {
  auto options = std::make_shared<Options>();
  app.add_flag("--verify", options->verify, "check the chain of hashes and say no more");
  return [=, &where](Console& console) { return audit(*options, where, console); };
}

}  // namespace llmops
