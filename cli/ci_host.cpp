#include "cli/ci_host.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "ci/reports/github.h"

namespace llmops {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

void tell_ci_host(const ReportInput& input, Console& console) {
  if (environment("GITHUB_ACTIONS") == "true") console.write_error(github_annotations(input));
  const std::string summary = environment("GITHUB_STEP_SUMMARY");
  if (summary.empty()) return;
  const std::string text = report_text(*find_report("markdown"), input);
  std::FILE* file = std::fopen(summary.c_str(), "ab");
  const bool written =
      file != nullptr && std::fwrite(text.data(), 1, text.size(), file) == text.size();
  if ((file != nullptr && std::fclose(file) != 0) || !written)
    console.note(
        fmt::format("{}: the step summary cannot be written: {}", summary, std::strerror(errno)));
}

}  // namespace llmops
