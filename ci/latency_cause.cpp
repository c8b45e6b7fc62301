#include "ci/latency_cause.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "ci/compare/row_pairs.h"
#include "ci/gate/wording.h"
#include "ci/stats/latency_split.h"
#include "ci/stats/theil_sen.h"

namespace llmops {
namespace {

constexpr std::size_t kMostCases = 20000;
constexpr std::int64_t kLeastForQuantile = 20;

// What one call of a case took.
struct Timed {
  double latency = 0, ttft = 0, input = 0, output = 0;
};

class TimedColumns {
 public:
  explicit TimedColumns(const RunHeader& header) {
    constexpr std::array<const char*, 4> kNames = {"latency", "ttft", "input_tokens",
                                                   "output_tokens"};
    for (std::size_t i = 0; i < kNames.size(); ++i) {
      columns_[i] = MeasureColumn::find(header, kNames[i]);
      if (!columns_[i] && missing_.empty()) missing_ = kNames[i];
    }
  }
  const std::string& missing() const { return missing_; }
  std::optional<Timed> of(const CaseRow& row) const {
    std::array<double, 4> values{};
    for (std::size_t i = 0; i < values.size(); ++i) {
      const auto value = columns_[i]->value(row);
      if (!value) return std::nullopt;
      values[i] = *value;
    }
    return Timed{values[0], values[1], values[2], values[3]};
  }

 private:
  std::array<std::optional<MeasureColumn>, 4> columns_;
  std::string missing_;
};

// Never below 0: reading more input takes no less time.
double prefill_of(const std::vector<Timed>& cases) {
  std::vector<double> input, ttft;
  for (const Timed& each : cases) {
    input.push_back(each.input);
    ttft.push_back(each.ttft);
  }
  const auto slope = stats::theil_sen(input, ttft);
  return slope ? std::max(0.0, slope->slope) : 0.0;
}

// Queue and fixed time cannot be told apart from outside: both stand in the first factor.
stats::LatencyFactors factors_of(const Timed& timed, double prefill) {
  const double after_first = std::max(0.0, timed.output - 1);
  const double decode = after_first > 0 ? (timed.latency - timed.ttft) / after_first : 0.0;
  const double rest = timed.latency - timed.input * prefill - after_first * decode;
  return {rest, timed.input, prefill, 0.0, std::max(1.0, timed.output), decode};
}

LatencySplit described(std::string quantity, const stats::LatencySplit& split, bool prefill_known) {
  LatencySplit out{.quantity = std::move(quantity),
                   .baseline_ms = split.baseline,
                   .candidate_ms = split.candidate,
                   .change_ms = split.change};
  const auto& c = split.contribution;
  out.parts = {
      {"queue and fixed",   c[0] + c[3]},
      {"input tokens",      c[1]       },
      {"prefill per token", c[2]       },
      {"output tokens",     c[4]       },
      {"decode per token",  c[5]       }
  };
  if (!prefill_known) out.parts.erase(out.parts.begin() + 1, out.parts.begin() + 3);
  const auto largest = std::ranges::max_element(
      out.parts, {}, [](const LatencyPart& part) { return std::abs(part.ms); });
  out.sentence = fmt::format(
      "latency ({}) {} by {} ms, from {} to {} ms; the largest part is {} ({} ms)", out.quantity,
      split.change < 0 ? "fell" : "rose", figure(std::abs(split.change)), figure(split.baseline),
      figure(split.candidate), largest->name, signed_figure(largest->ms));
  return out;
}

}  // namespace

LatencyCause explain_latency(const RunSource& baseline, const RunSource& candidate) {
  LatencyCause cause;
  const TimedColumns of_baseline(baseline.header()), of_candidate(candidate.header());
  for (const TimedColumns* columns : {&of_baseline, &of_candidate})
    if (!columns->missing().empty()) {
      cause.refusal = fmt::format("`{}` was not measured", columns->missing());
      return cause;
    }
  std::vector<Timed> before, after;
  std::size_t step = 1, seen = 0;
  for (RowPairs rows(baseline, candidate); rows.next();) {
    if (!rows.paired()) continue;
    const auto b = of_baseline.of(*rows.baseline()), c = of_candidate.of(*rows.candidate());
    if (!b || !c) continue;
    if (seen++ % step != 0) continue;
    before.push_back(*b);
    after.push_back(*c);
    if (before.size() < kMostCases) continue;
    step *= 2;  // keep every second of those, and from now on as many fewer
    for (auto* all : {&before, &after}) {
      for (std::size_t i = 0; i < all->size() / 2; ++i) (*all)[i] = (*all)[2 * i];
      all->resize(all->size() / 2);
    }
  }
  cause.cases = static_cast<std::int64_t>(before.size());
  if (before.empty()) {
    cause.refusal = "no case has tokens and times in both runs";
    return cause;
  }
  const double prefill = prefill_of(before);
  cause.prefill_known = prefill > 0;
  std::vector<stats::LatencyFactors> b, c;
  for (std::size_t i = 0; i < before.size(); ++i) {
    b.push_back(factors_of(before[i], prefill));
    c.push_back(factors_of(after[i], prefill));
  }
  if (const auto mean = stats::split_mean_latency(b, c))
    cause.splits.push_back(described("mean", *mean, cause.prefill_known));
  if (cause.cases >= kLeastForQuantile)
    if (const auto p95 = stats::split_latency_quantile(b, c, 0.95))
      cause.splits.push_back(described("p95", *p95, cause.prefill_known));
  return cause;
}

List splits_value(const LatencyCause& cause) {
  List splits;
  for (const LatencySplit& split : cause.splits) {
    Object parts;
    for (const LatencyPart& part : split.parts) parts.add(std::string(part.name), part.ms);
    splits.push_back(Object{
        {"quantity",     split.quantity    },
        {"baseline_ms",  split.baseline_ms },
        {"candidate_ms", split.candidate_ms},
        {"change_ms",    split.change_ms   },
        {"parts_ms",     std::move(parts)  },
        {"sentence",     split.sentence    }
    });
  }
  return splits;
}

}  // namespace llmops
