#pragma once
// The segments that all text vectors are about, and the corpora made of them.

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "datasets/text/value.h"
#include "evaluators/metric.h"

namespace llmops::test {

struct Segment {
  std::string id, hypothesis;
  std::vector<std::string> references;
};

class Segments {
 public:
  // Absent, with the skip notice, where the vectors are not here.
  static std::optional<Segments> load();
  const Segment& at(const std::string& id) const;
  const std::vector<Segment>& all() const { return all_; }
  // Those of a corpus of `meta.corpora`, with as many references as it says.
  std::vector<Segment> corpus(const Value& meta, const std::string& name) const;

 private:
  std::vector<Segment> all_;
  std::unordered_map<std::string, std::size_t> places_;
};

// A corpus metric over many overlapping corpora: each segment is scored once.
class SummedCounts {
 public:
  SummedCounts(std::string metric, std::string options)
      : name_(std::move(metric)), options_(std::move(options)) {}
  // What the metric adds up over these segments.
  std::vector<double> over(const std::vector<Segment>& segments);
  // Its signature after it has seen them.
  std::string signature(const std::vector<Segment>& segments) const;
  const Metric& metric();

 private:
  std::string name_, options_;
  std::unique_ptr<Metric> metric_;
  std::unordered_map<std::string, std::vector<double>> known_;
};

// A file of shared/reference/text-metrics, skipped with a notice where it is absent.
std::optional<Value> text_vectors(const std::string& name);

}  // namespace llmops::test
