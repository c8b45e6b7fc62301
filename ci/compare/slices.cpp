#include "ci/compare/slices.h"

#include <algorithm>
#include <set>

#include "ci/stats/multiplicity.h"

namespace llmops {
namespace {

constexpr std::size_t kMostTags = 100;
constexpr std::int64_t kLeastCases = 20;  // statistics.md, section 5
constexpr double kFalseDiscoveries = 0.10;

// Each tag once.
std::set<std::pair<std::string, std::string>> tags_of(const RowPairs& rows) {
  std::set<std::pair<std::string, std::string>> tags;
  for (const Tag& tag : (rows.candidate() != nullptr ? rows.candidate() : rows.baseline())->tags)
    tags.emplace(tag.key, tag.value);
  return tags;
}

}  // namespace

Slices::Slices(std::vector<MetricComparison> shapes, const RunHeader& baseline,
               const RunHeader& candidate)
    : shapes_(std::move(shapes)), baseline_(baseline), candidate_(candidate) {}

void Slices::first(const RowPairs& rows) {
  if (shapes_.empty()) return;
  for (const Key& tag : tags_of(rows)) {
    auto slice = slices_.find(tag);
    if (slice == slices_.end()) {
      if (slices_.size() == kMostTags) continue;
      slice = slices_.emplace(tag, std::vector<Subject>()).first;
      for (const MetricComparison& shape : shapes_)
        slice->second.emplace_back(shape, TagFilter(), baseline_, candidate_);
    }
    for (Subject& subject : slice->second) subject.first(rows);
  }
}

void Slices::begin_second(bool paired) {
  for (auto& [key, subjects] : slices_)
    for (Subject& subject : subjects) subject.begin_second(paired);
}

void Slices::second(const RowPairs& rows, std::optional<std::uint32_t> cluster) {
  if (shapes_.empty()) return;
  for (const Key& tag : tags_of(rows)) {
    const auto slice = slices_.find(tag);
    if (slice == slices_.end()) continue;
    for (Subject& subject : slice->second) subject.second(rows, cluster);
  }
}

std::vector<SliceFinding> Slices::finish(const GateSpec& gate, std::int64_t cases) {
  std::vector<SliceFinding> findings;
  std::vector<std::optional<double>> p;
  for (auto& [key, subjects] : slices_)
    for (Subject& subject : subjects) {
      const MetricComparison metric = subject.finish(gate, std::nullopt, false);
      if (metric.n < kLeastCases || metric.n >= cases || !metric.lower) continue;
      findings.push_back({
          metric.metric,
          {key.first,   key.second},
          metric.n,
          metric.baseline_mean,
          metric.candidate_mean,
          metric.difference,
          metric.lower,
          metric.upper,
          metric.p_worse,
          {           },
          false
      });
      p.push_back(metric.p_worse);
    }
  const auto adjusted = stats::adjust(p, stats::Adjustment::bh);
  for (std::size_t i = 0; adjusted && i < findings.size(); ++i) {
    findings[i].p_adjusted = (*adjusted)[i];
    findings[i].worse = findings[i].p_adjusted && *findings[i].p_adjusted <= kFalseDiscoveries;
  }
  std::ranges::stable_sort(findings, [](const SliceFinding& a, const SliceFinding& b) {
    return a.p_worse.value_or(1) < b.p_worse.value_or(1);
  });
  return findings;
}

}  // namespace llmops
