#include <doctest/doctest.h>

#include "ci/reports/github.h"
#include "datasets/text/json.h"
#include "tests/support/golden.h"
#include "tests/support/page.h"
#include "tests/unit/ci/reports/example_run.h"

using namespace llmops;
using namespace llmops::test;

namespace {

std::string readable(const ReportInfo& report, const ReportInput& input) {
  const std::string text = report_text(report, input);
  return report.extension.ends_with("html") ? unpacked_page(text) : text;
}

}  // namespace

TEST_CASE("reports: a failed run, whole outputs") {
  const ExampleRun run;
  const ReportInput input = run.input();
  CHECK_GOLDEN("reports/failed.80.txt", render_terminal(input, {.width = 80}));
  CHECK_GOLDEN("reports/failed.120.txt", render_terminal(input, {.width = 120}));
  CHECK_GOLDEN("reports/failed.color.txt", render_terminal(input, {.width = 80, .color = true}));
  CHECK_GOLDEN("reports/failed.json", dump_json_pretty(to_json(input)));
  for (const ReportInfo* report : reports())
    CHECK_GOLDEN("reports/failed" + std::string(report->extension), readable(*report, input));
  CHECK_GOLDEN("reports/failed.github.txt", github_annotations(input));
}

TEST_CASE("reports: a run that nothing gated, whole outputs") {
  const ExampleRun run;
  const ReportInput input = run.ungated();
  CHECK_GOLDEN("reports/ungated.80.txt", render_terminal(input, {.width = 80}));
  CHECK_GOLDEN("reports/ungated.json", dump_json_pretty(to_json(input)));
  for (const ReportInfo* report : reports())
    CHECK_GOLDEN("reports/ungated" + std::string(report->extension), readable(*report, input));
  CHECK_GOLDEN("reports/ungated.github.txt", github_annotations(input));
}
