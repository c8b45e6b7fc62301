#include "tests/support/similarity_vectors.h"

#include <doctest/doctest.h>

#include "tests/support/metric.h"
#include "tests/support/segments.h"

namespace llmops::test {

void check_similarity(const std::string& name, const std::string& options, std::size_t value,
                      std::size_t column) {
  const auto file = text_vectors("similarity.json");
  const auto segments = Segments::load();
  if (!file || !segments) return;
  const auto metric = make_metric(name, options);
  std::size_t compared = 0;
  for (const Value& row : *at(*file, "rows").list()) {
    const Segment& segment = segments->at(*at(row, 0).string());
    const Value& wanted = at(row, column);
    if (wanted.is_null()) continue;
    CAPTURE(segment.id);
    const Measurement result = measure(*metric, segment.hypothesis, {segment.references.front()});
    REQUIRE(result.values.at(value).has_value());
    CHECK(*result.values.at(value) == doctest::Approx(wanted.number()).epsilon(1e-11));
    ++compared;
  }
  CHECK(compared > 300);
}

}  // namespace llmops::test
