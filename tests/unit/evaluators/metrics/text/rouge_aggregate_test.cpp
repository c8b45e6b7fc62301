#include "evaluators/metrics/text/rouge_aggregate.h"

#include <doctest/doctest.h>

#include <map>

#include "tests/support/metric.h"
#include "tests/support/segments.h"

using namespace llmops;
using namespace llmops::test;

TEST_CASE("rouge aggregate: agrees with BootstrapAggregator") {
  const auto file = text_vectors("rouge.json");
  const auto segments = Segments::load();
  if (!file || !segments) return;
  std::vector<RougeVariant> variants;
  for (const char* name : {"rouge1", "rouge2", "rouge3", "rougeL", "rougeLsum"})
    variants.push_back(*rouge_variant(name));
  std::map<std::string, std::vector<std::string>> sets;
  for (const Value& row : *at(*file, "aggregator").list()) {
    const std::string& set = text_at(row, "set");
    CAPTURE(set);
    if (at(row, "ids").is_list()) sets[set] = texts_at(row, "ids");
    if (set == "all" && at(row, "seed").number() != 42)
      continue;  // three of four of the long ones add nothing
    std::vector<std::vector<RougeScore>> scores(variants.size());
    for (const std::string& id : sets.at(set)) {
      const Segment& segment = segments->at(id);
      const std::vector<std::string> first = {segment.references.front()};
      const auto found = rouge(segment.hypothesis, first, variants, at(row, "stem").number() != 0);
      for (std::size_t v = 0; v < variants.size(); ++v) scores[v].push_back(found[v]);
    }
    const auto intervals = rouge_aggregate(scores, at(row, "confidence_interval").number(),
                                           static_cast<std::size_t>(at(row, "n_samples").number()),
                                           static_cast<std::uint32_t>(at(row, "seed").number()));
    for (std::size_t v = 0; v < variants.size(); ++v) {
      CAPTURE(variants[v].name);
      const Value& wanted = at(at(row, "result"), variants[v].name);
      const RougeScore* parts[] = {&intervals[v].low, &intervals[v].mid, &intervals[v].high};
      for (std::size_t p = 0; p < 3; ++p) {
        CHECK(parts[p]->precision == doctest::Approx(at(at(wanted, p), 0).number()).epsilon(1e-11));
        CHECK(parts[p]->recall == doctest::Approx(at(at(wanted, p), 1).number()).epsilon(1e-11));
        CHECK(parts[p]->fmeasure == doctest::Approx(at(at(wanted, p), 2).number()).epsilon(1e-11));
      }
    }
  }
}
