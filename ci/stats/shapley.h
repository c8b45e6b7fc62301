#pragma once
// Shapley's value (1953): a change divided among the factors that changed together. Each factor
// gets the mean effect of exchanging it over all orders; the parts add up to the whole exactly.

#include <cstddef>
#include <functional>
#include <vector>

namespace llmops::stats {

// `value(exchanged)`: the quantity where factor i is the candidate's if bit i is set, else the
// baseline's; called once for each of the 2^factors mixtures, in ascending order. At most 20
// factors.
std::vector<double> shapley(std::size_t factors, const std::function<double(unsigned)>& value);

}  // namespace llmops::stats
