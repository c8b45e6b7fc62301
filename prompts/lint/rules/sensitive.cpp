// Keys and personal data in a prompt file: it is committed, and sent with every request.
#include <fmt/format.h>

#include "datasets/text/sensitive.h"
#include "datasets/text/utf8.h"
#include "prompts/lint/lint.h"

namespace llmops {
namespace {

constexpr std::string_view kEllipsis = "…";  // shown of what may not be shown at all

bool in_author(const LintSubject& subject, std::size_t line) {
  const Value* author = subject.value.find("author");
  return author != nullptr && author->mark().line == line;
}

// No excerpt: the line holds what must not be shown.
void look_for(SensitiveKind kind, const LintSubject& subject, LintFindings& findings,
              const std::string& help) {
  const std::string_view text = subject.source.text();
  for (const SensitiveFind& find : find_sensitive(text)) {
    if (find.rule->kind != kind) continue;
    const Mark mark = subject.source.mark_of(find.offset);
    if (kind == SensitiveKind::personal && in_author(subject, mark.line)) continue;
    findings.add({.file = subject.source.file(),
                  .line = mark.line,
                  .column = mark.column,
                  .what = find.shown.size() > kEllipsis.size()
                              ? fmt::format("{}: {}", find.rule->what, find.shown)
                              : std::string(find.rule->what),
                  .help = help,
                  .width = code_points(text.substr(find.offset, find.length))});
  }
}

void secret(const LintSubject& subject, LintFindings& findings) {
  look_for(SensitiveKind::secret, subject, findings,
           "whoever reads the repository has it: revoke it, and take it out");
}

void personal(const LintSubject& subject, LintFindings& findings) {
  look_for(SensitiveKind::personal, subject, findings,
           "every request sends it to the model's vendor: use an invented one");
}

}  // namespace

extern const LintRule kSecret, kPersonalData;

const LintRule kSecret{"secret", Severity::error, "no key or password stands in the file", &secret};
const LintRule kPersonalData{"personal-data", Severity::warning,
                             "no personal data stands in the file, its `author` aside", &personal};

}  // namespace llmops
