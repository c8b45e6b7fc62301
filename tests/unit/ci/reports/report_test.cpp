#include <doctest/doctest.h>

#include <filesystem>
#include <set>

#include "ci/reports/report.h"
#include "tests/support/reference.h"

using namespace llmops;

TEST_CASE("reports: each has a name, an extension and a line of help of its own") {
  std::set<std::string_view> names;
  std::set<std::string_view> extensions;
  for (const ReportInfo* report : reports()) {
    CAPTURE(report->name);
    CHECK(names.insert(report->name).second);
    CHECK(extensions.insert(report->extension).second);
    CHECK_FALSE(report->summary.empty());
    CHECK((report->write != nullptr));
    CHECK(find_report(report->name) == report);
    CHECK(std::filesystem::exists(test::repository(std::filesystem::path("ci/reports") /
                                                   (std::string(report->name) + ".cpp"))));
  }
  CHECK(find_report("pdf") == nullptr);
}
