#include "prompts/rollout.h"

#include <fmt/format.h>

#include <algorithm>

#include "datasets/text/fields.h"
#include "datasets/text/files.h"
#include "datasets/text/hash.h"
#include "datasets/text/json.h"

namespace llmops {
namespace fs = std::filesystem;
namespace {

struct File {
  Labels labels;
  AuditHead audit;
};

Value to_value(const Evidence& evidence) {
  return Object{
      {"run",           evidence.run          },
      {"verdict",       evidence.verdict      },
      {"prompt_sha256", evidence.prompt_sha256},
      {"date",          evidence.date         },
      {"scores",        evidence.scores       }
  };
}

Value to_value(const LabelEntry& entry) {
  Object fields{
      {"version", entry.version},
      {"sha256",  entry.sha256 },
      {"date",    entry.date   },
      {"author",  entry.author },
      {"percent", entry.percent},
      {"forced",  entry.forced }
  };
  if (entry.evidence) fields.add("evidence", to_value(*entry.evidence));
  return fields;
}

std::string dumped(const File& file) {
  Object prompts;
  for (const LabeledPrompt& prompt : file.labels.prompts) {
    Object labels;
    for (const Label& label : prompt.labels) {
      List entries;
      for (const LabelEntry& entry : label.entries) entries.push_back(to_value(entry));
      labels.add(label.name, std::move(entries));
    }
    prompts.add(prompt.name, std::move(labels));
  }
  return dump_json_pretty(Object{
             {"schema_version", 1                                                                 },
             {"prompts",        std::move(prompts)                                                },
             {"audit",          Object{{"entries", file.audit.entries}, {"hash", file.audit.hash}}}
  }) +
         "\n";
}

LabelEntry read_entry(const Value& value, const Source& source, Diagnostics& problems) {
  LabelEntry entry;
  Fields fields(value, source, problems, "a label's entry");
  entry.version = fields.required_text("version");
  entry.sha256 = fields.required_text("sha256");
  entry.date = fields.text("date").value_or("");
  entry.author = fields.text("author").value_or("");
  entry.percent = fields.number("percent", {.low = 0, .high = 100}).value_or(100);
  entry.forced = fields.boolean("forced").value_or(false);
  if (const Value* given = fields.mapping("evidence")) {
    Fields inner(*given, source, problems, "the evidence");
    Evidence evidence;
    evidence.run = inner.text("run").value_or("");
    evidence.verdict = inner.required_text("verdict");
    evidence.prompt_sha256 = inner.text("prompt_sha256").value_or("");
    evidence.date = inner.text("date").value_or("");
    if (const Value* scores = inner.mapping("scores")) evidence.scores = *scores->object();
    inner.finish();
    entry.evidence = std::move(evidence);
  }
  fields.finish();
  return entry;
}

Result<File> load(const fs::path& folder) {
  File file;
  std::error_code ignored;
  if (!fs::exists(labels_file(folder), ignored)) return file;
  const Result<Source> source = read_source(labels_file(folder), 64U << 20);
  if (!source) return source.problems();
  const Result<Value> value = parse_json(*source);
  if (!value) return value.problems();
  Diagnostics problems;
  Fields fields(*value, *source, problems, "the labels file");
  if (const auto schema = fields.integer("schema_version"); schema && *schema != 1)
    fields.error(fields.mark("schema_version"), fmt::format("`schema_version` is {}", *schema),
                 "expected 1", "a newer llmops wrote this file");
  if (const Value* prompts = fields.mapping("prompts")) {
    for (const Member& prompt : *prompts->object()) {
      LabeledPrompt& labeled = file.labels.at(prompt.key);
      Fields labels(prompt.value, *source, problems, "the labels of a prompt");
      if (!prompt.value.is_object()) continue;
      for (const Member& label : *prompt.value.object()) {
        const Value* entries = labels.list(label.key);
        if (entries == nullptr || entries->list()->empty()) continue;
        Label& made = labeled.labels.emplace_back();
        made.name = label.key;
        for (const Value& entry : *entries->list())
          made.entries.push_back(read_entry(entry, *source, problems));
      }
    }
  }
  if (const Value* audit = fields.mapping("audit")) {
    Fields head(*audit, *source, problems, "the state of the audit log");
    file.audit.entries = head.integer("entries", {.low = 0}).value_or(0);
    file.audit.hash = head.text("hash").value_or("");
    head.finish();
  }
  fields.finish();
  if (has_errors(problems)) return problems;
  return file;
}

// The log first: a label without its line would be a change that nobody made.
Result<LabelEntry> save(const fs::path& folder, File file, const std::string& action,
                        const std::string& prompt, const std::string& label,
                        const LabelEntry& entry, const Change& change) {
  Object line{
      {"date",   change.date    },
      {"author", change.author  },
      {"action", action         },
      {"prompt", prompt         },
      {"label",  label          },
      {"entry",  to_value(entry)}
  };
  Result<AuditHead> checked = verify_audit(audit_file(folder), file.audit);
  if (!checked) return checked.problems();
  Result<AuditHead> head = append_audit(audit_file(folder), line);
  if (!head) return head.problems();
  file.audit = *head;
  write_atomically(labels_file(folder), dumped(file));
  return entry;
}

std::optional<Diagnostic> objection(const Prompt& prompt, const std::optional<Evidence>& evidence) {
  const std::string named = fmt::format("{}@{}", prompt.name, prompt.version);
  constexpr const char* kForce = "`--force` promotes it all the same, and says so in the log";
  if (!evidence)
    return problem(fmt::format("{} was not gated", named),
                   "expected a run of `llmops eval` whose gate passed", kForce);
  if (evidence->prompt_sha256 != prompt.sha256)
    return problem(
        fmt::format("run {} gated another content than that of {}", evidence->run, named),
        fmt::format("expected {}, the run has {}", prompt.sha256.substr(0, 12),
                    evidence->prompt_sha256.substr(0, 12)),
        "the prompt changed since: run `llmops eval` again");
  if (evidence->verdict != "pass")
    return problem(
        fmt::format("the gate of run {} says {} for {}", evidence->run, evidence->verdict, named),
        "expected pass", kForce);
  return std::nullopt;
}

}  // namespace

const Label* LabeledPrompt::find(std::string_view label) const {
  const auto found = std::ranges::find(labels, label, &Label::name);
  return found == labels.end() ? nullptr : &*found;
}

const LabeledPrompt* Labels::find(std::string_view prompt) const {
  const auto found = std::ranges::find(prompts, prompt, &LabeledPrompt::name);
  return found == prompts.end() ? nullptr : &*found;
}

LabeledPrompt& Labels::at(const std::string& prompt) {
  const auto found = std::ranges::find(prompts, prompt, &LabeledPrompt::name);
  if (found != prompts.end()) return *found;
  LabeledPrompt& made = prompts.emplace_back();
  made.name = prompt;
  return made;
}

fs::path labels_file(const fs::path& folder) { return folder / "prompts" / "labels.json"; }
fs::path audit_file(const fs::path& folder) { return folder / "prompts" / "audit.jsonl"; }

Result<AuditHead> verify_rollout(const fs::path& folder) {
  const Result<File> file = load(folder);
  if (!file) return file.problems();
  return verify_audit(audit_file(folder), file->audit);
}

Result<Labels> load_labels(const fs::path& folder) {
  Result<File> file = load(folder);
  if (!file) return file.problems();
  return std::move(file->labels);
}

Result<LabelEntry> promote(const fs::path& folder, const Prompt& prompt, const std::string& label,
                           double percent, const std::optional<Evidence>& evidence,
                           const Change& change) {
  if (prompt.version.empty())
    return problem(fmt::format("the prompt `{}` has no version", prompt.name),
                   "expected a prompt file with a version");
  constexpr std::string_view kAllowed =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
  if (label.empty() || label.find_first_not_of(kAllowed) != std::string::npos)
    return problem(fmt::format("`{}` is no label", label), "expected letters, digits, `-` and `_`");
  if (!(percent > 0 && percent <= 100))
    return problem(fmt::format("a share of {}%", percent), "expected above 0 and at most 100");
  if (label == "production" && percent < 100)
    return problem("`production` is what everybody gets", "expected 100%",
                   "give a share to another label, such as `canary`");
  Result<File> file = load(folder);
  if (!file) return file.problems();
  const std::optional<Diagnostic> against = objection(prompt, evidence);
  if (against && !change.force) return *against;

  LabelEntry entry{prompt.version, prompt.sha256,       change.date, change.author,
                   percent,        against.has_value(), evidence};
  LabeledPrompt& labeled = file->labels.at(prompt.name);
  double others = 0;
  for (const Label& each : labeled.labels)
    if (each.name != label && each.current().percent < 100) others += each.current().percent;
  if (percent < 100 && others + percent > 100)
    return problem(fmt::format("the shares of `{}` come to {}%", prompt.name, others + percent),
                   "expected at most 100");
  const auto found = std::ranges::find(labeled.labels, label, &Label::name);
  Label& to = found != labeled.labels.end() ? *found : labeled.labels.emplace_back();
  to.name = label;
  to.entries.push_back(entry);
  return save(folder, std::move(*file), "promote", prompt.name, label, entry, change);
}

Result<LabelEntry> rollback(const fs::path& folder, const std::string& prompt,
                            const std::string& label, const Change& change) {
  Result<File> file = load(folder);
  if (!file) return file.problems();
  const LabeledPrompt* known = file->labels.find(prompt);
  if (known == nullptr || known->find(label) == nullptr)
    return problem(fmt::format("`{}` has no label `{}`", prompt, label));
  LabeledPrompt& labeled = file->labels.at(prompt);
  Label& from = *std::ranges::find(labeled.labels, label, &Label::name);
  if (from.entries.size() < 2)
    return problem(fmt::format("nothing stands before {} at `{}` of `{}`", from.current().version,
                               label, prompt),
                   "", "promote another version");
  from.entries.pop_back();
  const LabelEntry entry = from.current();
  return save(folder, std::move(*file), "rollback", prompt, label, entry, change);
}

double rollout_bucket(std::string_view prompt, std::string_view key) {
  std::string named(prompt);
  named += '\0';
  named += key;
  constexpr double kTwoTo53 = 9007199254740992.0;
  return static_cast<double>(hash64(named) >> 11) / kTwoTo53 * 100.0;
}

Result<Assignment> assign(const LabeledPrompt& prompt, std::string_view key) {
  Assignment made;
  made.bucket = rollout_bucket(prompt.name, key);
  std::vector<const Label*> partial;
  for (const Label& label : prompt.labels)
    if (label.current().percent < 100) partial.push_back(&label);
  std::ranges::sort(partial, {},
                    [](const Label* label) -> const std::string& { return label->name; });
  double upper = 0;
  const Label* holds = prompt.find("production");
  for (const Label* label : partial) {
    upper += label->current().percent;
    if (made.bucket < upper) {
      holds = label;
      break;
    }
  }
  if (holds == nullptr)
    return problem(fmt::format("no version of `{}` is in production", prompt.name), "",
                   "`llmops prompts promote` puts one there");
  made.label = holds->name;
  made.version = holds->current().version;
  return made;
}

}  // namespace llmops
