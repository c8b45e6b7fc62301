#include <doctest/doctest.h>

#include <algorithm>
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
    std::string file(report->name);
    std::ranges::replace(file, '-', '_');
    CHECK(std::filesystem::exists(test::repository("ci/reports/" + file + ".cpp")));
  }
  CHECK(find_report("pdf") == nullptr);
}
