#include "ci/serving/load_cause.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "ci/compare/row_pairs.h"
#include "ci/gate/wording.h"
#include "ci/stats/quantile.h"
#include "ci/stats/shapley.h"
#include "ci/stats/theil_sen.h"

namespace llmops {
namespace {

constexpr std::size_t kMostRequests = 20000;
constexpr std::size_t kLeastForQuantile = 20;

// One request as its row tells it; what is absent was not measured.
struct Timed {
  double latency = 0, ttft = 0, input = 0, output = 0;
  double cached = 0, client = 0;
  std::optional<double> queue, prefill;
  std::optional<double> clock, free_clock, throttled, foreign;
  double uncached() const { return std::max(0.0, input - cached); }
};

class Columns {
 public:
  explicit Columns(const RunHeader& header) {
    for (std::size_t i = 0; i < kNames.size(); ++i) {
      columns_[i] = MeasureColumn::find(header, kNames[i]);
      if (i < kNeeded && !columns_[i] && missing_.empty()) missing_ = kNames[i];
    }
  }
  const std::string& missing() const { return missing_; }
  std::optional<Timed> of(const CaseRow& row) const {
    std::array<std::optional<double>, kNames.size()> at;
    for (std::size_t i = 0; i < at.size(); ++i) {
      if (columns_[i]) at[i] = columns_[i]->value(row);
      if (i < kNeeded && !at[i]) return std::nullopt;
    }
    return Timed{.latency = *at[0],
                 .ttft = *at[1],
                 .input = *at[2],
                 .output = *at[3],
                 .cached = at[4].value_or(0),
                 .client = at[5].value_or(0),
                 .queue = at[6],
                 .prefill = at[7],
                 .clock = at[8],
                 .free_clock = at[9],
                 .throttled = at[10],
                 .foreign = at[11]};
  }

 private:
  static constexpr std::size_t kNeeded = 4;
  static constexpr std::array<const char*, 12> kNames = {
      "latency",       "ttft",          "input_tokens",  "output_tokens",
      "cached_tokens", "client_wait",   "server_queue",  "server_prefill",
      "sm_clock",      "sm_clock_free", "gpu_throttled", "gpu_foreign"};
  std::array<std::optional<MeasureColumn>, kNames.size()> columns_;
  std::string missing_;
};

// Requests that both runs timed; of very many every k-th.
struct Pairs {
  std::vector<Timed> before, after;

  void add(const Timed& b, const Timed& c) {
    if (seen_++ % step_ != 0) return;
    before.push_back(b);
    after.push_back(c);
    if (before.size() < kMostRequests) return;
    step_ *= 2;
    for (auto* all : {&before, &after}) {
      for (std::size_t i = 0; i < all->size() / 2; ++i) (*all)[i] = (*all)[2 * i];
      all->resize(all->size() / 2);
    }
  }

 private:
  std::size_t step_ = 1, seen_ = 0;
};

enum Factor : std::size_t {
  client,
  queue,
  fixed,
  input,
  cached,
  prefill,
  output,
  decode,
  clock,
  throttling,
  foreign
};
constexpr std::size_t kFactors = 11;
using Factors = std::array<double, kFactors>;

double latency_of(const Factors& b, const Factors& c, unsigned exchanged) {
  const auto at = [&](Factor i) { return (exchanged >> i & 1U) != 0 ? c[i] : b[i]; };
  return at(client) + at(queue) + at(fixed) +
         at(clock) * at(throttling) * at(foreign) *
             (std::max(0.0, at(input) - at(cached)) * at(prefill) +
              std::max(0.0, at(output) - 1) * at(decode));
}

// Mean of what all requests have; nullopt where one lacks it.
std::optional<double> mean_of(const std::vector<Timed>& all, std::optional<double> Timed::*field) {
  double sum = 0;
  for (const Timed& each : all) {
    if (!(each.*field)) return std::nullopt;
    sum += *(each.*field);
  }
  return sum / static_cast<double>(all.size());
}

double decode_of(const Timed& timed) {
  return timed.output > 1 ? std::max(0.0, timed.latency - timed.ttft) / (timed.output - 1) : 0.0;
}

// What both runs know, by which each request is taken apart.
struct Model {
  bool queue_told = false;
  std::optional<double> prefill_before, prefill_after;  // ms an uncached token
  // Of the candidate; above 1: its tokens take longer. nullopt: not known.
  std::optional<double> clock, throttling, foreign;
  double slow() const { return clock.value_or(1) * throttling.value_or(1) * foreign.value_or(1); }
};

std::optional<double> told_prefill(const std::vector<Timed>& all) {
  const auto mean = mean_of(all, &Timed::prefill);
  double tokens = 0;
  for (const Timed& each : all) tokens += each.uncached();
  if (!mean || tokens <= 0) return std::nullopt;
  return *mean * static_cast<double>(all.size()) / tokens;
}

stats::Tested<stats::Slope> slope_of(const std::vector<const std::vector<Timed>*>& runs) {
  std::vector<double> tokens, wait;
  for (const auto* run : runs)
    for (const Timed& each : *run) {
      tokens.push_back(each.uncached());
      wait.push_back(each.ttft - each.client - each.queue.value_or(0));
    }
  return stats::theil_sen(tokens, wait);
}

void find_prefill(const Pairs& pairs, Model& model) {
  model.prefill_before = told_prefill(pairs.before);
  model.prefill_after = told_prefill(pairs.after);
  if (model.prefill_before && model.prefill_after) return;
  model.prefill_before.reset();
  model.prefill_after.reset();
  const auto before = slope_of({&pairs.before}), after = slope_of({&pairs.after});
  const bool apart = before && after &&
                     (before->interval.upper < after->interval.lower ||
                      after->interval.upper < before->interval.lower);
  if (apart) {
    model.prefill_before = std::max(0.0, before->slope);
    model.prefill_after = std::max(0.0, after->slope);
    return;
  }
  // One run whose lengths vary tells it of both. Neither: the change itself, where tokens changed.
  const auto shared = before && after ? slope_of({&pairs.before, &pairs.after})
                      : before        ? before
                      : after         ? after
                                      : slope_of({&pairs.before, &pairs.after});
  if (shared && shared->slope > 0) model.prefill_before = model.prefill_after = shared->slope;
}

// The clock that nothing throttled. A run that was throttled throughout never showed it.
std::optional<double> free_clock(const std::vector<Timed>& run) {
  const auto share = mean_of(run, &Timed::throttled);
  if (!share) return std::nullopt;
  return *share <= 0 ? mean_of(run, &Timed::clock) : mean_of(run, &Timed::free_clock);
}

// By how much the candidate's tokens take longer, by its clocks and by who else used its cards.
void find_hardware(const Pairs& pairs, Model& model) {
  const auto before = mean_of(pairs.before, &Timed::clock),
             after = mean_of(pairs.after, &Timed::clock);
  if (before && after && *before > 0 && *after > 0) {
    model.clock = *before / *after;
    auto free_before = free_clock(pairs.before), free_after = free_clock(pairs.after);
    if (!free_before && mean_of(pairs.before, &Timed::throttled)) free_before = free_after;
    if (!free_after && mean_of(pairs.after, &Timed::throttled)) free_after = free_before;
    if (free_before && free_after && *free_before > 0 && *free_after > 0) {
      model.throttling = (*free_after / *after) / (*free_before / *before);
      model.clock = *free_before / *free_after;
    }
  }
  constexpr double kMostForeign = 0.95;  // beyond, a share says little about the rest
  const auto others_before = mean_of(pairs.before, &Timed::foreign),
             others_after = mean_of(pairs.after, &Timed::foreign);
  if (others_before && others_after)
    model.foreign =
        (1 - std::min(*others_before, kMostForeign)) / (1 - std::min(*others_after, kMostForeign));
}

// Hardware explains no more than what happened to decoding.
void limit_hardware(const Pairs& pairs, Model& model) {
  double was = 0, is = 0;
  for (const Timed& each : pairs.before) was += decode_of(each);
  for (const Timed& each : pairs.after) is += decode_of(each);
  if (was <= 0 || is <= 0) return;
  const double slower = is / was, told = model.slow();
  const double held = slower > 1 ? std::clamp(told, 1.0, slower) : std::clamp(told, slower, 1.0);
  if (held == told) return;
  const double part = std::log(held) / std::log(told);  // told is not 1, else it were held
  for (auto* each : {&model.clock, &model.throttling, &model.foreign})
    if (*each) **each = std::pow(**each, part);
}

Factors factors_of(const Timed& timed, const Model& model, double per_token, bool candidate) {
  Factors f{};
  f[clock] = candidate ? model.clock.value_or(1) : 1;
  f[throttling] = candidate ? model.throttling.value_or(1) : 1;
  f[foreign] = candidate ? model.foreign.value_or(1) : 1;
  const double slow = candidate ? model.slow() : 1;
  f[client] = timed.client;
  f[queue] = model.queue_told ? timed.queue.value_or(0) : 0;
  f[input] = timed.input;
  f[cached] = timed.cached;
  f[prefill] = per_token / slow;
  f[output] = std::max(1.0, timed.output);
  f[decode] = decode_of(timed) / slow;
  f[fixed] = 0;
  f[fixed] = timed.latency - latency_of(f, f, 0);
  return f;
}

// A factor that is the same in both runs has no part, and each doubles the mixtures to look at.
std::vector<Factor> moved_factors(const std::vector<Factors>& before,
                                  const std::vector<Factors>& after) {
  std::vector<Factor> moved;
  for (std::size_t factor = 0; factor < kFactors; ++factor)
    for (std::size_t i = 0; i < before.size(); ++i)
      if (before[i][factor] != after[i][factor]) {
        moved.push_back(static_cast<Factor>(factor));
        break;
      }
  return moved;
}

LatencySplit split(std::string quantity, const std::vector<Factors>& before,
                   const std::vector<Factors>& after, const Model& model,
                   double (*statistic)(std::vector<double>&)) {
  LatencySplit out{.quantity = std::move(quantity)};
  std::vector<double> times(before.size());
  const std::vector<Factor> moved = moved_factors(before, after);
  const std::vector<double> parts = stats::shapley(moved.size(), [&](unsigned mixture) {
    unsigned exchanged = 0;
    for (std::size_t i = 0; i < moved.size(); ++i)
      if ((mixture >> i & 1U) != 0) exchanged |= 1U << moved[i];
    for (std::size_t i = 0; i < times.size(); ++i)
      times[i] = latency_of(before[i], after[i], exchanged);
    const double value = statistic(times);
    if (mixture == 0) out.baseline_ms = value;
    if (mixture + 1 == 1U << moved.size()) out.candidate_ms = value;
    return value;
  });
  std::array<double, kFactors> part{};
  for (std::size_t i = 0; i < moved.size(); ++i) part[moved[i]] = parts[i];
  out.change_ms = out.candidate_ms - out.baseline_ms;
  out.parts.push_back({"client", part[client]});
  if (model.queue_told) {
    out.parts.push_back({"queue", part[queue]});
    out.parts.push_back({"fixed", part[fixed]});
  } else {
    out.parts.push_back({"queue and fixed", part[fixed]});
  }
  if (model.prefill_before) {
    out.parts.push_back({"input tokens", part[input]});
    out.parts.push_back({"cached tokens", part[cached]});
    out.parts.push_back({"prefill per token", part[prefill]});
  }
  out.parts.push_back({"output tokens", part[output]});
  out.parts.push_back({"decode per token", part[decode]});
  if (model.clock) out.parts.push_back({"hardware clock", part[clock]});
  if (model.throttling) out.parts.push_back({"throttling", part[throttling]});
  if (model.foreign) out.parts.push_back({"foreign process", part[foreign]});
  const auto largest = std::ranges::max_element(
      out.parts, {}, [](const LatencyPart& each) { return std::abs(each.ms); });
  out.sentence = fmt::format(
      "latency ({}) {} by {} ms, from {} to {} ms; the largest part is {} ({} ms)", out.quantity,
      out.change_ms < 0 ? "fell" : "rose", figure(std::abs(out.change_ms)), figure(out.baseline_ms),
      figure(out.candidate_ms), largest->name, signed_figure(largest->ms));
  return out;
}

double mean(std::vector<double>& times) {
  double sum = 0;
  for (const double time : times) sum += time;
  return sum / static_cast<double>(times.size());
}

double p95(std::vector<double>& times) { return *stats::quantile(times, 0.95); }

}  // namespace

LatencyCause explain_load(const RunSource& baseline, const RunSource& candidate) {
  LatencyCause cause;
  const Columns of_baseline(baseline.header()), of_candidate(candidate.header());
  for (const Columns* columns : {&of_baseline, &of_candidate})
    if (!columns->missing().empty()) {
      cause.refusal = fmt::format("`{}` was not measured", columns->missing());
      return cause;
    }
  Pairs pairs;
  for (RowPairs rows(baseline, candidate); rows.next();) {
    if (!rows.paired()) continue;
    const auto b = of_baseline.of(*rows.baseline()), c = of_candidate.of(*rows.candidate());
    if (b && c) pairs.add(*b, *c);
  }
  cause.cases = static_cast<std::int64_t>(pairs.before.size());
  if (pairs.before.empty()) {
    cause.refusal = "no request has tokens and times in both runs";
    return cause;
  }
  Model model;
  model.queue_told = mean_of(pairs.before, &Timed::queue) && mean_of(pairs.after, &Timed::queue);
  if (!model.queue_told)
    for (auto* all : {&pairs.before, &pairs.after})
      for (Timed& each : *all) each.queue.reset();
  find_prefill(pairs, model);
  find_hardware(pairs, model);
  limit_hardware(pairs, model);
  cause.prefill_known = model.prefill_before.has_value();
  std::vector<Factors> before, after;
  for (std::size_t i = 0; i < pairs.before.size(); ++i) {
    before.push_back(factors_of(pairs.before[i], model, model.prefill_before.value_or(0), false));
    after.push_back(factors_of(pairs.after[i], model, model.prefill_after.value_or(0), true));
  }
  cause.splits.push_back(split("mean", before, after, model, &mean));
  if (pairs.before.size() >= kLeastForQuantile)
    cause.splits.push_back(split("p95", before, after, model, &p95));
  return cause;
}

}  // namespace llmops
