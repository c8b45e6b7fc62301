#include "ci/slice_summary.h"

#include <doctest/doctest.h>

#include "tests/support/built_run.h"

using namespace llmops;

TEST_CASE("slices of a run: each tag's own figures, the largest first") {
  test::BuiltRun run({test::binary_measure("pass")});
  for (int i = 0; i < 30; ++i) {
    CaseRow& row = run.add("c" + std::to_string(100 + i), {i % 3 == 0 ? 0.0 : 1.0});
    row.tags = {
        {"lang", i % 3 == 0 ? "de" : "en"},
        {"all",  "true"                  }
    };
    if (i < 5) row.tags.push_back({"rare", "true"});
  }
  const std::vector<SliceSummary> slices = summarize_slices(run, 10);
  REQUIRE(slices.size() == 3);  // what every case has tells none from another
  CHECK(slices[0].tag.value == "en");
  CHECK(slices[0].cases == 20);
  CHECK(*slices[0].summary.find("pass")->mean == 1.0);
  CHECK(slices[1].tag.value == "de");
  CHECK(slices[1].cases == 10);
  CHECK(*slices[1].summary.find("pass")->mean == 0.0);
  CHECK(slices[1].summary.find("pass")->interval_high.has_value());
  CHECK(slices[2].tag.key == "rare");
  CHECK(summarize_slices(run, 1).size() == 1);
  CHECK(summarize_slices(test::BuiltRun({test::binary_measure("pass")}), 10).empty());
}
