#pragma once
// What a judge said, read from the text of its last answer. Judges wrap their JSON in fences and
// prose, repeat the grade, think aloud with digits, or stop half-way: the last verdict counts, and
// what cannot be read is said to be so.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/text/value.h"

namespace llmops {

// The last whole JSON object at the top level of a text (in a fence, between prose) that has one of
// the members. Raw line breaks in strings and trailing commas are forgiven.
std::optional<Value> last_object_with(std::string_view text,
                                      std::span<const std::string_view> members);

struct Grade {
  std::optional<double> value;
  std::string text;    // as it was written: "4"
  std::string reason;  // the judge's own, where it gave one
  std::string why;     // where there is no value
};
// The last of `{"reason": ..., "score": 4}`, `[[4]]` and `[RESULT] 4`; else the last of `Score: 4`,
// `4/5`, a line that is a number. A grade outside [low, high] is none. What a judge thinks aloud
// between <think> and </think> is no answer.
Grade read_grade(std::string_view answer, double low, double high);
// The same, and where there is none the last number in single brackets: MT-bench's fallback.
Grade read_rating(std::string_view answer, double low, double high);

struct Choice {
  std::optional<std::size_t> place;  // among the choices
  std::string reason, why;
};
// The last of `{"reason": ..., "choice": "A"}`, `[[A]]` and `[RESULT] A`; else `Verdict: A`, a line
// that is a choice. Case does not matter, unless two choices differ in nothing else.
Choice read_choice(std::string_view answer, std::span<const std::string> choices);

// "yes", "no" and what models write instead, in several languages: true, 1, ja, oui, да, 是.
std::optional<bool> yes_or_no(std::string_view word);

struct Answers {
  std::vector<bool> yes;  // one for each question, in order; empty where `why` says so
  std::string why;
};
// `{"answers": [{"reason": ..., "answer": "yes"}, ...]}`, else lines `1. yes`. As many as there are
// questions.
Answers read_answers(std::string_view answer, std::size_t questions);

}  // namespace llmops
