#pragma once
// What is wrong with a user's file, where, what was expected, how to mend it.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/text/value.h"

namespace llmops {

enum class Severity { error, warning, note };

std::string_view name(Severity severity);

struct Diagnostic {
  Severity severity = Severity::error;
  std::string file;          // as the user named it; empty where there is none
  std::size_t line = 0;      // 1-based; 0: the whole file
  std::size_t column = 0;    // 1-based, in code points; 0: the whole line
  std::string what;          // one sentence, lower case, no full stop
  std::string expected = {}; // stands under the caret: "expected one of: ..."
  std::string help = {};     // how to mend it: "did you mean `x`?"
  std::string line_text = {};   // the source line, for the excerpt; empty: no excerpt
  std::size_t width = 1;     // code points under the caret
  std::string rule = {};     // lint rule id, where one found it
};

using Diagnostics = std::vector<Diagnostic>;

// A problem that has no place in a file.
Diagnostic problem(std::string what, std::string expected = "", std::string help = "");

bool has_errors(const Diagnostics& found);
void append(Diagnostics& to, Diagnostics more);

// The form that people read, several lines, no colour, control characters made visible:
//   prompts/support.yaml:7:3: error: unknown key `temprature`
//    7 |   temprature: 0.2
//      |   ^^^^^^^^^^ expected one of: max_tokens, seed, stop, temperature, top_p
//     = help: did you mean `temperature`?
std::string render(const Diagnostic& found);
std::string render(const Diagnostics& found);

// The same as fields, for --json: file line column severity what expected help rule.
Value to_value(const Diagnostic& found);

// "did you mean `temperature`?" where a choice lies within edit distance 2, else "".
std::string did_you_mean(std::string_view given, std::span<const std::string_view> choices);
// "expected one of: a, b, c"
std::string expected_one_of(std::span<const std::string_view> choices);

}  // namespace llmops
