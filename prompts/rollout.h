#pragma once
// Labels: which version of a prompt is in production, on what evidence, and who put it there. They
// stand in `prompts/labels.json`, which is committed; every change is also a line of
// `prompts/audit.jsonl`.

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/text/result.h"
#include "prompts/audit.h"
#include "prompts/prompt.h"

namespace llmops {

// What a run said about a version.
struct Evidence {
  std::string run;            // id
  std::string verdict;        // pass | fail | inconclusive | incomplete | not_comparable | none
  std::string prompt_sha256;  // the content that was asked
  std::string date;
  Object scores;
};

struct LabelEntry {
  std::string version;
  std::string sha256;  // of the content when it was promoted
  std::string date;    // UTC: 2025-11-15T09:30:00Z
  std::string author;
  double percent = 100;  // share of the users, for a rollout
  bool forced = false;   // promoted against the evidence
  std::optional<Evidence> evidence;
};

struct Label {
  std::string name;                 // production, canary, ...
  std::vector<LabelEntry> entries;  // oldest first; the last one holds
  const LabelEntry& current() const { return entries.back(); }
};

struct LabeledPrompt {
  std::string name;
  std::vector<Label> labels;
  const Label* find(std::string_view label) const;
};

struct Labels {
  std::vector<LabeledPrompt> prompts;
  const LabeledPrompt* find(std::string_view prompt) const;
  LabeledPrompt& at(const std::string& prompt);  // made where it is missing
};

// Reads `folder`/prompts/labels.json; empty where the file is not there.
Result<Labels> load_labels(const std::filesystem::path& folder);
std::filesystem::path labels_file(const std::filesystem::path& folder);
std::filesystem::path audit_file(const std::filesystem::path& folder);

// Walks the audit log and holds its end against what the labels file knows of it.
Result<AuditHead> verify_rollout(const std::filesystem::path& folder);

// Who changes something and when (UTC, ISO 8601).
struct Change {
  std::string author;
  std::string date;
  bool force = false;
};

// Puts a label on a version. Refused without `force`: evidence of another content, a verdict that
// is not `pass`, no evidence at all. `percent` below 100 makes it a rollout: the users outside it
// stay with `production`.
Result<LabelEntry> promote(const std::filesystem::path& folder, const Prompt& prompt,
                           const std::string& label, double percent,
                           const std::optional<Evidence>& evidence, const Change& change);

// Takes the label back to the version before. A problem where there is none.
Result<LabelEntry> rollback(const std::filesystem::path& folder, const std::string& prompt,
                            const std::string& label, const Change& change);

// In [0, 100): where a user stands in the rollout of a prompt. It depends on the two names only, so
// a user who is in at 10% is still in at 20%. hash64(prompt NUL key), its upper 53 bits as a
// fraction, times 100.
double rollout_bucket(std::string_view prompt, std::string_view key);

struct Assignment {
  std::string label, version;
  double bucket = 0;
};

// The version for a user: the partial labels take their shares of [0, 100) in the order of their
// names, `production` has the rest. A problem where no label holds for the user.
Result<Assignment> assign(const LabeledPrompt& prompt, std::string_view key);

}  // namespace llmops
