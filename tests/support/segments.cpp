#include "tests/support/segments.h"

#include <stdexcept>

#include "tests/support/metric.h"
#include "tests/support/reference.h"

namespace llmops::test {

std::optional<Value> text_vectors(const std::string& name) {
  const auto path = shared("reference/text-metrics/" + name);
  if (!path) return std::nullopt;
  return read_json_file(path->string());
}

std::optional<Segments> Segments::load() {
  const std::optional<Value> file = text_vectors("segments.json");
  if (!file) return std::nullopt;
  Segments segments;
  for (const Value& row : *test::at(*file, "segments").list()) {
    segments.places_.emplace(text_at(row, "id"), segments.all_.size());
    segments.all_.push_back({text_at(row, "id"), text_at(row, "hyp"), texts_at(row, "refs")});
  }
  return segments;
}

const Segment& Segments::at(const std::string& id) const {
  const auto found = places_.find(id);
  if (found == places_.end()) throw std::runtime_error("no segment " + id);
  return all_[found->second];
}

std::vector<Segment> Segments::corpus(const Value& meta, const std::string& name) const {
  const Value& facts = test::at(test::at(meta, "corpora"), name);
  const Value& references = test::at(facts, "nrefs");
  std::vector<Segment> chosen;
  for (const std::string& id : texts_at(facts, "ids")) {
    chosen.push_back(at(id));
    if (const std::int64_t* count = references.integer()) {
      auto& kept = chosen.back().references;
      if (kept.size() > static_cast<std::size_t>(*count))
        kept.resize(static_cast<std::size_t>(*count));
    }
  }
  return chosen;
}

const Metric& SummedCounts::metric() {
  if (metric_ == nullptr) metric_ = make_metric(name_, options_);
  return *metric_;
}

std::vector<double> SummedCounts::over(const std::vector<Segment>& segments) {
  std::vector<double> sums;
  for (const Segment& segment : segments) {
    std::vector<double>& counts =
        known_[segment.id + "/" + std::to_string(segment.references.size())];
    if (counts.empty()) counts = measure(metric(), segment.hypothesis, segment.references).counts;
    sums.resize(counts.size(), 0.0);
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += counts[i];
  }
  return sums;
}

std::string SummedCounts::signature(const std::vector<Segment>& segments) const {
  const auto fresh = make_metric(name_, options_);
  for (const Segment& segment : segments)
    measure(*fresh, "a", std::vector<std::string>(segment.references.size(), "a"));
  return fresh->signature();
}

}  // namespace llmops::test
