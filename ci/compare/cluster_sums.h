#pragma once
// Sums and sizes of clusters, gathered value by value.

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "ci/stats/clustered.h"
#include "evaluators/run_record.h"

namespace llmops {

class ClusterSums {
 public:
  void add(std::uint32_t cluster, double value);
  bool empty() const { return cases_ == 0; }
  // The clusters that have a value. `mean` is that of all values.
  stats::Clusters clusters(double mean) const;

 private:
  std::vector<double> sums_;
  std::vector<std::uint32_t> sizes_;
  std::size_t cases_ = 0;
};

// Which cluster each case of a run belongs to. A case without a group is a cluster by itself.
class Groups {
 public:
  // First pass: learns the groups.
  void learn(const CaseRow& row);
  // Some group has more than one case.
  bool any() const { return repeated_; }
  // Second pass: the number of the row's cluster; cases without a group get fresh ones.
  std::uint32_t number_of(const CaseRow& row);

 private:
  std::unordered_map<std::string, std::uint32_t> numbers_;
  std::uint32_t next_ = 0;
  bool repeated_ = false;
};

}  // namespace llmops
