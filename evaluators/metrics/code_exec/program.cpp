#include "evaluators/metrics/code_exec/program.h"

#include <fmt/format.h>

namespace llmops {
namespace {

bool defines(std::string_view code, std::string_view function) {
  return !function.empty() && code.find(fmt::format("def {}(", function)) != std::string_view::npos;
}

}  // namespace

std::span<const CodeLanguage> code_languages() {
  static const std::vector<CodeLanguage> kAll = {
      {"python",
       "program.py", {"python3", "-I", "-B", "program.py"},
       {"python3", "-I", "--version"},
       // Not `print`: the program may have replaced it, and may have moved stdout.
       "import os as _llmops_os\n_llmops_os.write(1, b'\\n{}\\n')\n"},
      {"bash",
       "program.sh", {"bash", "--norc", "program.sh"},
       {"bash", "--norc", "--version"},
       "builtin printf '\\n%s\\n' {}\n"                             },
  };
  return kAll;
}

std::string_view code_of(std::string_view answer, std::string_view entry_point) {
  constexpr std::string_view kFence = "```";
  std::optional<std::string_view> first;
  for (std::size_t at = answer.find(kFence); at != std::string_view::npos;) {
    const std::size_t line = answer.find('\n', at);
    if (line == std::string_view::npos) break;
    const std::size_t end = answer.find(kFence, line);
    const std::string_view block =
        answer.substr(line + 1, end == std::string_view::npos ? end : end - line - 1);
    if (defines(block, entry_point)) return block;
    if (!first) first = block;
    if (end == std::string_view::npos) break;
    at = answer.find(kFence, end + kFence.size());
  }
  return first.value_or(answer);
}

std::string program_of(const CodeLanguage& language, std::string_view answer, const CodeTest& test,
                       std::string_view token) {
  std::string program;
  const bool python = language.name == "python";
  if (!python || defines(test.prefix, test.entry_point)) program += test.prefix;
  program += code_of(answer, test.entry_point);
  program += "\n\n" + test.test + "\n";
  if (python && !test.entry_point.empty() && defines(test.test, "check"))
    program += fmt::format("check({})\n", test.entry_point);
  program += fmt::format(fmt::runtime(language.last_words), token);
  return program;
}

}  // namespace llmops
