#pragma once
// A model's answer, made into a program that tests itself.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace llmops {

struct CodeLanguage {
  std::string_view name;                     // "python"
  std::string_view file;                     // "program.py"
  std::vector<std::string> command;          // runs the file
  std::vector<std::string> version_command;  // prints a version
  std::string_view last_words;               // statement that prints "\n{}\n"
};

std::span<const CodeLanguage> code_languages();

// The code of an answer: the block in ``` that defines `entry_point`, else the first one, else the
// whole text.
std::string_view code_of(std::string_view answer, std::string_view entry_point);

// What a test needs besides the answer; texts are empty where a case has none.
struct CodeTest {
  std::string prefix;  // HumanEval's prompt: imports, the head of the function
  std::string test;
  std::string entry_point;  // what `check` of the test is called with
};

// Prefix, code, test and, as the last statement, one that prints `token`: a program that ends early
// by itself (exit(0)) has not passed. The prefix is left out where it is no code (it does not
// define the entry point), `check(entry_point)` is called where the test defines `check`.
std::string program_of(const CodeLanguage& language, std::string_view answer, const CodeTest& test,
                       std::string_view token);

}  // namespace llmops
