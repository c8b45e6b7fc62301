#include "ci/stats/shapley.h"

#include <bit>

namespace llmops::stats {

std::vector<double> shapley(std::size_t factors, const std::function<double(unsigned)>& value) {
  const unsigned mixtures = 1U << factors;
  std::vector<double> values(mixtures);
  for (unsigned exchanged = 0; exchanged < mixtures; ++exchanged)
    values[exchanged] = value(exchanged);

  // |S|! (n - 1 - |S|)!/n! = 1/(n * binomial(n - 1, |S|)): the weight of a set S that has been
  // exchanged already.
  std::vector<double> weights(factors);
  double choices = 1.0;
  for (std::size_t size = 0; size < factors; ++size) {
    weights[size] = 1.0 / (static_cast<double>(factors) * choices);
    choices *= static_cast<double>(factors - 1 - size) / static_cast<double>(size + 1);
  }
  std::vector<double> parts(factors, 0.0);
  for (std::size_t i = 0; i < factors; ++i)
    for (unsigned before = 0; before < mixtures; ++before)
      if ((before >> i & 1U) == 0)
        parts[i] += weights[static_cast<std::size_t>(std::popcount(before))] *
                    (values[before | 1U << i] - values[before]);
  return parts;
}

}  // namespace llmops::stats
