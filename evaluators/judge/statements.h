#pragma once
// The questions that several metrics put: which statements a text makes, and
// which of them hold.

#include <span>
#include <string>
#include <string_view>

#include "evaluators/judge/parts.h"
#include "evaluators/judge/staged.h"

namespace llmops {

// What a text states, each statement understandable alone: answered by
// {"statements": [...]}.
extern const std::string_view kFindStatements;
// Of each statement whether the source says it: {"verdicts": [...]}, yes or no.
extern const std::string_view kJudgeSupport;
// The same with three verdicts: no only where the source contradicts, else idk.
extern const std::string_view kJudgeContradiction;

// `kFindStatements` on a text, which answered a question (empty: none is
// shown).
Task find_statements(const std::string& question, const std::string& text);
// `instructions` on a list of statements and the source that they are held
// against.
Task judge_statements(std::string_view instructions, std::span<const std::string> statements,
                      const std::string& source);

// The answer to `find_statements`.
Parts read_statements(const Sample& answer);

// yes / all. `verdicts` holds at least one.
double share_of_yes(const Verdicts& verdicts);

// "3 of 4 statements are supported; not: ..." for a report.
std::string statement_note(std::span<const std::string> statements, const Verdicts& verdicts,
                           Verdict3 bad, std::string_view what);

}  // namespace llmops
