#include "evaluators/judge/statements.h"

#include <fmt/format.h>

#include "datasets/text/utf8.h"

namespace llmops {

constexpr std::string_view kFindStatements =
    "List what the text states. A statement is one sentence that says one thing and can be "
    "understood without the rest: put names in the place of pronouns. Keep to what is said; add, "
    "correct and judge nothing. Questions, greetings, offers and remarks about the text itself "
    "state nothing.\n"
    "Reply with {\"statements\": [\"...\", ...]}, in the order of the text; the list is empty "
    "where nothing is stated.";

constexpr std::string_view kJudgeSupport =
    "Decide of each numbered statement whether the source says it: yes where it can be inferred "
    "directly from the source, no where it cannot, be it contradicted or just not there. What "
    "you know from elsewhere does not count.\n"
    "Reply with {\"verdicts\": [{\"number\": 1, \"reason\": \"...\", \"verdict\": \"yes\"}, "
    "...]}: one verdict for each statement, in their order.";

constexpr std::string_view kJudgeContradiction =
    "Decide of each numbered statement how it stands to the source: yes where the source bears "
    "it out, no where the source contradicts it, idk where the source tells neither. What you "
    "know from elsewhere does not count.\n"
    "Reply with {\"verdicts\": [{\"number\": 1, \"reason\": \"...\", \"verdict\": \"yes\"}, "
    "...]}: one verdict (yes, no or idk) for each statement, in their order.";

Task find_statements(const std::string& question, const std::string& text) {
  Task task{.instructions = kFindStatements, .exhibit = {}};
  if (!question.empty()) task.exhibit.add("question", question);
  task.exhibit.add("text", text);
  return task;
}

Task judge_statements(std::string_view instructions, std::span<const std::string> statements,
                      const std::string& source) {
  Task task{.instructions = instructions, .exhibit = {}};
  task.exhibit.add("source", source);
  task.exhibit.add("statements", numbered(statements));
  return task;
}

Parts read_statements(const Sample& answer) {
  static constexpr std::string_view kKeys[] = {"statements", "claims", "truths", "opinions",
                                               "facts"};
  return read_parts(answer, kKeys);
}

double share_of_yes(const Verdicts& verdicts) {
  return static_cast<double>(verdicts.count(Verdict3::yes)) /
         static_cast<double>(verdicts.verdicts.size());
}

std::string statement_note(std::span<const std::string> statements, const Verdicts& verdicts,
                           Verdict3 bad, std::string_view what) {
  const std::size_t count = verdicts.count(bad);
  if (count == 0) return "";
  std::string note = fmt::format("{} of {} {}: ", count, statements.size(), what);
  std::size_t shown = 0;
  for (std::size_t i = 0; i < statements.size() && shown < 2; ++i) {
    if (verdicts.verdicts[i] != bad) continue;
    note += (shown++ == 0 ? "" : "; ") + code_point_slice(statements[i], 0, 120);
  }
  if (count > shown) note += "; ...";
  return note;
}

}  // namespace llmops
