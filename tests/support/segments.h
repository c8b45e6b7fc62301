#pragma once
// The segments that all text vectors are about, and the corpora made of them.

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "datasets/text/value.h"

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

// A file of shared/reference/text-metrics, skipped with a notice where it is absent.
std::optional<Value> text_vectors(const std::string& name);

}  // namespace llmops::test
