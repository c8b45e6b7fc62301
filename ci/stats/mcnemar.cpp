#include "ci/stats/mcnemar.h"

#include <algorithm>
#include <cmath>

#include "ci/stats/distributions.h"

namespace llmops::stats {

Tested<McNemar> mcnemar(const PairedTable& table) {
  if (auto refusal = check_table(table)) return *refusal;
  McNemar r;
  r.n = table.n();
  r.discordant = table.losses + table.gains;
  r.difference = table.difference();
  if (r.discordant == 0) return r;

  const std::int64_t m = r.discordant;
  const double here = binomial_pmf(table.losses, m, 0.5);
  r.exact_worse = binomial_sf(table.losses - 1, m, 0.5);
  r.exact_better = binomial_cdf(table.losses, m, 0.5);
  const double rarer = 2.0 * binomial_cdf(std::min(table.losses, table.gains), m, 0.5);
  r.exact_two_sided = std::min(1.0, rarer);
  r.mid_worse = r.exact_worse - here / 2.0;
  r.mid_better = r.exact_better - here / 2.0;
  r.mid_two_sided = std::min(1.0, rarer - here);

  const auto excess = static_cast<double>(std::abs(table.losses - table.gains));
  const auto size = static_cast<double>(m);
  const double plain = excess * excess / size;
  const double reduced = std::max(0.0, excess - 1.0);
  const double corrected = reduced * reduced / size;
  r.chi_square = ChiSquareTest{plain, chi_square_sf(plain, 1.0)};
  r.chi_square_corrected = ChiSquareTest{corrected, chi_square_sf(corrected, 1.0)};
  return r;
}

}  // namespace llmops::stats
