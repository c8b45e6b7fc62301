// The sum over random signs is twice the sum of a random subset of |d| less the sum of all |d|.
// Multiples of one step make it a convolution over whole numbers. Else sums of sign patterns are
// looked up a byte at a time: 256 partial sums for every 8 cases.
#include "ci/stats/permutation.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

#include "ci/stats/checks.h"
#include "ci/stats/moments.h"
#include "ci/stats/resampling.h"
#include "datasets/parallel.h"
#include "datasets/random.h"

namespace llmops::stats {

namespace {

constexpr double kTie = 1e-12;  // of the sum of all |d|
constexpr std::size_t kMostStates = 10'000'000;
constexpr std::size_t kMostWork = 300'000'000;  // additions of a convolution: about 0.2 s
constexpr std::size_t kMostEnumerated = 20;
constexpr std::size_t kMostCounted = 255;

std::vector<double> without_zeros(std::span<const double> d) {
  std::vector<double> rest(d.begin(), d.end());
  std::erase(rest, 0.0);
  return rest;
}

// The largest step of which all differences are multiples, up to rounding: Euclid on numbers.
double common_step(const std::vector<double>& d) {
  double largest = 0.0;
  for (const double x : d) largest = std::max(largest, std::abs(x));
  const double rounding = 1e-9 * largest;
  double step = 0.0;
  for (const double x : d) {
    double a = std::abs(x);
    while (a > rounding) {
      if (step == 0.0) {
        step = a;
        break;
      }
      const double remainder = std::abs(a - std::round(a / step) * step);
      if (remainder <= rounding) break;
      a = step;
      step = remainder;
    }
    if (step > 0.0 && largest / step > 1e7) return 0.0;
  }
  return step;
}

struct Steps {
  std::vector<std::size_t> sizes;  // |d| in steps
  std::size_t total = 0;
  std::size_t positive = 0;  // sum of those with a positive sign
};

std::optional<Steps> steps_of(const std::vector<double>& d) {
  const double step = common_step(d);
  if (step == 0.0) return std::nullopt;
  Steps s;
  for (const double x : d) {
    const double size = std::abs(x) / step;
    const double whole = std::round(size);
    if (std::abs(size - whole) > 1e-6 * std::max(1.0, whole) || whole > 1e7) return std::nullopt;
    s.sizes.push_back(static_cast<std::size_t>(whole));
    s.total += s.sizes.back();
    if (x > 0.0) s.positive += s.sizes.back();
    if (s.total > kMostStates) return std::nullopt;
  }
  if (s.total * s.sizes.size() > kMostWork) return std::nullopt;
  return s;
}

Count256 doubled(Count256 x) { return x += x; }

// Adds what a subset sum s of weight `weight` contributes to the three tails.
template <class Weight>
struct Tails {
  Weight two_sided{}, less{}, greater{};
  void add(std::size_t s, const Weight& weight, const Steps& steps) {
    const std::size_t low = std::min(steps.positive, steps.total - steps.positive);
    const std::size_t high = steps.total - low;
    if (s <= low || s >= high) two_sided += weight;
    if (s <= steps.positive) less += weight;
    if (s >= steps.positive) greater += weight;
  }
};

// Sums of subsets, one difference after the other: here[s] += here[s - size], or halved as
// probabilities.
template <class Weight, class Combine>
Tails<Weight> convolve(const Steps& steps, Weight one, Combine combine) {
  std::vector<Weight> here(steps.total + 1, Weight{});
  here[0] = one;
  std::size_t reached = 0;
  for (const std::size_t size : steps.sizes) {
    reached += size;
    for (std::size_t s = reached + 1; s-- > 0;)
      here[s] = combine(here[s], s >= size ? here[s - size] : Weight{});
  }
  Tails<Weight> tails;
  for (std::size_t s = 0; s <= steps.total; ++s) tails.add(s, here[s], steps);
  return tails;
}

void set_p(SignFlip& r, const Tails<double>& tails) {
  r.p_two_sided = std::min(1.0, tails.two_sided);
  r.p_less = std::min(1.0, tails.less);
  r.p_greater = std::min(1.0, tails.greater);
}

void by_convolution(SignFlip& r, const Steps& steps) {
  r.method = FlipMethod::convolution;
  set_p(r, convolve<double>(steps, 1.0, [](double a, double b) { return 0.5 * (a + b); }));
  const auto n = static_cast<std::size_t>(r.n);
  if (n > kMostCounted || steps.total > 100'000) return;
  Count256 one;
  one.words[0] = 1;
  const auto tails =
      convolve<Count256>(steps, one, [](Count256 a, const Count256& b) { return a += b; });
  SignFlip::Counts counts{tails.two_sided, tails.less, tails.greater, one};
  for (std::size_t i = 0; i < n; ++i) counts.total = doubled(counts.total);
  for (std::size_t i = steps.sizes.size(); i < n; ++i)  // a zero keeps its sum under both signs
    for (Count256* count : {&counts.two_sided, &counts.less, &counts.greater})
      *count = doubled(*count);
  r.counts = counts;
}

// Partial sums of 8 differences under the 256 patterns of their signs (bit set: the sign is
// turned).
using ByteTable = std::array<double, 256>;

std::vector<ByteTable> byte_tables(const std::vector<double>& d) {
  std::vector<ByteTable> tables((d.size() + 7) / 8);
  for (std::size_t t = 0; t < tables.size(); ++t) {
    ByteTable& table = tables[t];
    table[0] = 0.0;
    const std::size_t count = std::min<std::size_t>(8, d.size() - 8 * t);
    for (std::size_t i = 0; i < count; ++i) table[0] += d[8 * t + i];
    for (std::size_t pattern = 1; pattern < 256; ++pattern) {
      const auto lowest = static_cast<std::size_t>(std::countr_zero(pattern));
      const double turned = lowest < count ? d[8 * t + lowest] : 0.0;
      table[pattern] = table[pattern & (pattern - 1)] - 2.0 * turned;
    }
  }
  return tables;
}

struct Extremes {
  std::int64_t two_sided = 0, less = 0, greater = 0;
};

// What is extreme against the observed sum, ties included.
struct Bar {
  double sum = 0.0, tie = 0.0;
  void count(Extremes& e, double x) const {
    e.greater += x >= sum - tie;
    e.less += x <= sum + tie;
    e.two_sided += std::abs(x) >= std::abs(sum) - tie;
  }
};

Bar bar_of(const std::vector<double>& d) {
  Sum sum, size;
  for (const double x : d) {
    sum.add(x);
    size.add(std::abs(x));
  }
  return {sum.value(), kTie * size.value()};
}

Count256 small_count(std::int64_t value) {
  Count256 count;
  count.words[0] = static_cast<std::uint64_t>(value);
  return count;
}

void by_enumeration(SignFlip& r, const std::vector<double>& d) {
  r.method = FlipMethod::enumeration;
  const std::vector<ByteTable> tables = byte_tables(d);
  const Bar bar = bar_of(d);
  Extremes e;
  const std::uint64_t patterns = std::uint64_t{1} << d.size();
  for (std::uint64_t pattern = 0; pattern < patterns; ++pattern) {
    double x = 0.0;
    for (std::size_t t = 0; t < tables.size(); ++t) x += tables[t][pattern >> (8 * t) & 255];
    bar.count(e, x);
  }
  const auto all = static_cast<double>(patterns);
  r.p_two_sided = static_cast<double>(e.two_sided) / all;
  r.p_less = static_cast<double>(e.less) / all;
  r.p_greater = static_cast<double>(e.greater) / all;
  if (static_cast<std::size_t>(r.n) > kMostCounted) return;
  SignFlip::Counts counts{small_count(e.two_sided), small_count(e.less), small_count(e.greater),
                          small_count(static_cast<std::int64_t>(patterns))};
  for (auto i = static_cast<std::int64_t>(d.size()); i < r.n; ++i)
    for (Count256* count : {&counts.two_sided, &counts.less, &counts.greater, &counts.total})
      *count = doubled(*count);
  r.counts = counts;
}

// 32 resamples go through 8 tables (16 KiB) at a time, so that the tables stay in the nearest
// cache.
constexpr std::int64_t kBlock = 32;
constexpr std::size_t kTablesAtOnce = 8;

void count_block(const std::vector<ByteTable>& tables, const Bar& bar, std::uint64_t stream,
                 std::int64_t first, std::int64_t last, Extremes& e) {
  std::array<double, kBlock> sums{};
  std::vector<Random> random;
  for (std::int64_t r = first; r < last; ++r)
    random.emplace_back(stream, static_cast<std::uint64_t>(r));
  for (std::size_t t = 0; t < tables.size(); t += kTablesAtOnce) {
    const std::size_t count = std::min(kTablesAtOnce, tables.size() - t);
    for (std::size_t r = 0; r < random.size(); ++r) {
      std::uint64_t bits = random[r].next();
      double sum = 0.0;
      for (std::size_t i = 0; i < count; ++i, bits >>= 8) sum += tables[t + i][bits & 255];
      sums[r] += sum;
    }
  }
  for (std::size_t r = 0; r < random.size(); ++r) bar.count(e, sums[r]);
}

Extremes count_resamples(const std::vector<double>& d, std::uint64_t stream,
                         std::int64_t resamples) {
  const std::vector<ByteTable> tables = byte_tables(d);
  const Bar bar = bar_of(d);
  const std::int64_t blocks = (resamples + kBlock - 1) / kBlock;
  std::vector<Extremes> counted(static_cast<std::size_t>(blocks));
  parallel_for(counted.size(), [&](std::size_t block) {
    const auto first = static_cast<std::int64_t>(block) * kBlock;
    count_block(tables, bar, stream, first, std::min(resamples, first + kBlock), counted[block]);
  });
  Extremes all;
  for (const Extremes& e : counted) {
    all.two_sided += e.two_sided;
    all.less += e.less;
    all.greater += e.greater;
  }
  return all;
}

void by_monte_carlo(SignFlip& r, const std::vector<double>& d, std::uint64_t stream,
                    std::int64_t resamples) {
  r.method = FlipMethod::monte_carlo;
  r.resamples = resamples;
  const Extremes e = count_resamples(d, stream, resamples);
  r.p_two_sided = monte_carlo_p(e.two_sided, resamples);
  r.p_less = monte_carlo_p(e.less, resamples);
  r.p_greater = monte_carlo_p(e.greater, resamples);
}

std::optional<Refusal> check(std::span<const double> differences) {
  if (auto refusal = check_finite(differences)) return refusal;
  if (differences.empty()) return no_cases();
  return std::nullopt;
}

bool exactly(SignFlip& r, const std::vector<double>& d) {
  if (const std::optional<Steps> steps = d.empty() ? Steps{} : steps_of(d)) {
    by_convolution(r, *steps);
    return true;
  }
  if (d.size() > kMostEnumerated) return false;
  by_enumeration(r, d);
  return true;
}

}  // namespace

Tested<SignFlip> sign_flip_exact(std::span<const double> differences) {
  if (auto refusal = check(differences)) return *refusal;
  SignFlip r;
  r.n = static_cast<std::int64_t>(differences.size());
  if (!exactly(r, without_zeros(differences)))
    return not_testable("too_many_cases", "too many sign patterns to count them all");
  return r;
}

Tested<SignFlip> sign_flip_monte_carlo(std::span<const double> differences,
                                       const FlipOptions& options) {
  if (auto refusal = check(differences)) return *refusal;
  if (options.resamples < 1)
    return invalid_input("bad_resamples", "a Monte-Carlo test needs at least one resample");
  SignFlip r;
  r.n = static_cast<std::int64_t>(differences.size());
  const std::vector<double> d = without_zeros(differences);
  by_monte_carlo(r, d, options.stream, options.resamples);
  if (options.alpha > 0.0 && options.resamples < kManyResamples &&
      too_close(r.p_two_sided, options.alpha, options.resamples))
    by_monte_carlo(r, d, options.stream, kManyResamples);
  return r;
}

Tested<SignFlip> sign_flip(std::span<const double> differences, const FlipOptions& options) {
  if (auto refusal = check(differences)) return *refusal;
  SignFlip r;
  r.n = static_cast<std::int64_t>(differences.size());
  if (exactly(r, without_zeros(differences))) return r;
  return sign_flip_monte_carlo(differences, options);
}

}  // namespace llmops::stats
