#include "ci/compare/cluster_sums.h"

#include <cmath>

#include "ci/stats/moments.h"

namespace llmops {

void ClusterSums::add(std::uint32_t cluster, double value) {
  if (cluster >= sums_.size()) {
    sums_.resize(cluster + 1);
    sizes_.resize(cluster + 1);
  }
  sums_[cluster] += value;
  ++sizes_[cluster];
  ++cases_;
}

stats::Clusters ClusterSums::clusters(double mean) const {
  stats::Clusters found;
  found.cases = cases_;
  found.mean = mean;
  stats::Sum squares;
  for (std::size_t g = 0; g < sums_.size(); ++g) {
    if (sizes_[g] == 0) continue;
    found.sums.push_back(sums_[g]);
    found.sizes.push_back(sizes_[g]);
    const double deviation = sums_[g] - mean * sizes_[g];
    squares.add(deviation * deviation);
  }
  const auto groups = static_cast<double>(found.sums.size());
  if (cases_ > 0) found.se_cr0 = std::sqrt(squares.value()) / static_cast<double>(cases_);
  if (groups > 1) found.se_cr1 = found.se_cr0 * std::sqrt(groups / (groups - 1));
  return found;
}

void Groups::learn(const CaseRow& row) {
  if (row.group.empty()) return;
  const bool fresh = numbers_.emplace(row.group, next_).second;
  if (fresh)
    ++next_;
  else
    repeated_ = true;
}

std::uint32_t Groups::number_of(const CaseRow& row) {
  const auto known = numbers_.find(row.group);
  return known == numbers_.end() || row.group.empty() ? next_++ : known->second;
}

}  // namespace llmops
