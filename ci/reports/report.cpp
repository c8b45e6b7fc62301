#include "ci/reports/report.h"

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

}  // namespace llmops
