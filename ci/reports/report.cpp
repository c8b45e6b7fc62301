#include "ci/reports/report.h"

#include <cstdlib>
#include <memory>
#include <stdexcept>

namespace llmops {

#define LLMOPS_REPORT(info) extern const ReportInfo info;
#include "ci/reports/reports.def"
#undef LLMOPS_REPORT

std::span<const ReportInfo* const> reports() {
  static constexpr const ReportInfo* kAll[] = {
#define LLMOPS_REPORT(info) &info,
#include "ci/reports/reports.def"
#undef LLMOPS_REPORT
  };
  return kAll;
}

const ReportInfo* find_report(std::string_view name) {
  for (const ReportInfo* info : reports())
    if (info->name == name) return info;
  return nullptr;
}

std::string report_text(const ReportInfo& report, const ReportInput& input) {
  char* text = nullptr;
  std::size_t size = 0;
  std::FILE* file = ::open_memstream(&text, &size);
  if (file == nullptr) throw std::runtime_error("no memory for a report");
  report.write(input, file);
  std::fclose(file);
  const std::unique_ptr<char, decltype(&std::free)> owner(text, &std::free);
  return {text, size};
}

}  // namespace llmops
