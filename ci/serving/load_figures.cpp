#include "ci/serving/load_figures.h"

#include <algorithm>
#include <cmath>

#include "ci/stats/binomial_interval.h"
#include "ci/stats/bootstrap.h"
#include "ci/stats/quantile_interval.h"

namespace llmops {
namespace {

constexpr double kShortest = 1.0;  // seconds; a shorter window is none
constexpr int kBlocks = 20;        // of consecutive requests, for the interval of a mean
constexpr int kTenths = 10;
constexpr std::string_view kTimes[] = {
    "ttft", "service_ttft", "ttfo",         "first_event",    "header",       "tpot",
    "itl",  "latency",      "server_queue", "server_prefill", "server_decode"};

bool has_window(const LoadResult& result) {
  return result.window_to_s - result.window_from_s >= kShortest;
}

// Requests that follow each other are alike: whole blocks of them are drawn.
void mean_of(TimeFigure& figure, const std::vector<double>& in_order) {
  double sum = 0;
  for (const double value : in_order) sum += value;
  figure.mean = sum / static_cast<double>(in_order.size());
  if (in_order.size() < 2 * kBlocks) return;
  std::vector<double> sums(kBlocks), counts(kBlocks);
  for (std::size_t i = 0; i < in_order.size(); ++i) {
    const std::size_t block = i * kBlocks / in_order.size();
    sums[block] += in_order[i];
    counts[block] += 1;
  }
  const std::vector<double> means = stats::bootstrap(kBlocks,
                                                     [&](std::span<const std::uint32_t> drawn) {
                                                       double total = 0, n = 0;
                                                       for (const std::uint32_t block : drawn) {
                                                         total += sums[block];
                                                         n += counts[block];
                                                       }
                                                       return total / n;
                                                     },
                                                     {.stream = 1, .resamples = 1999});
  constexpr double kLevels[] = {0.025, 0.975};
  if (const auto bounds = stats::percentile_bounds(means, kLevels)) {
    figure.mean_low = (*bounds)[0];
    figure.mean_high = (*bounds)[1];
  }
}

TimeFigure time_figure(std::string_view name, const std::vector<double>& in_order) {
  TimeFigure figure{.name = std::string(name), .n = static_cast<std::int64_t>(in_order.size())};
  if (in_order.empty()) return figure;
  mean_of(figure, in_order);
  figure.largest = *std::ranges::max_element(in_order);
  for (const double p : {0.5, 0.9, 0.95, 0.99, 0.999}) {
    QuantileFigure quantile{.p = p};
    if (const auto interval = stats::quantile_interval(in_order, p)) {
      quantile.value = interval->estimate;
      quantile.low = interval->lower;
      quantile.high = interval->upper;
    }
    figure.quantiles.push_back(quantile);
  }
  return figure;
}

Throughput throughput(const LoadResult& result, double from, double to) {
  Throughput through{.seconds = to - from};
  if (through.seconds <= 0) return through;
  double requests = 0, input = 0, output = 0;
  for (const LoadRecord& record : result.records) {
    if (record.error != ErrorClass::none || record.end_s < from || record.end_s > to) continue;
    requests += 1;
    input += std::max(0, record.input);
  }
  // Tokens by the stamps of their events, seconds in part by their share.
  for (std::size_t i = 0; i < result.seconds.size(); ++i) {
    const double begin = static_cast<double>(i);
    const double share = std::min(to, begin + 1) - std::max(from, begin);
    if (share > 0) output += share * static_cast<double>(result.seconds[i].output_tokens);
  }
  through.requests_per_s = requests / through.seconds;
  through.input_tokens_per_s = input / through.seconds;
  through.output_tokens_per_s = output / through.seconds;
  through.total_tokens_per_s = through.input_tokens_per_s + through.output_tokens_per_s;
  return through;
}

void add(Object& out, std::string name, const std::optional<double>& value) {
  if (value) out.add(std::move(name), *value);
}

// Both ends as a list; one of them alone by its name: the other side is open.
void add_interval(Object& out, const std::string& name, const std::optional<double>& low,
                  const std::optional<double>& high) {
  if (low && high)
    out.add(name + "_interval", List{*low, *high});
  else if (low)
    out.add(name + "_at_least", *low);
  else if (high)
    out.add(name + "_at_most", *high);
}

Value to_value(const TimeFigure& figure) {
  Object out{
      {"n", figure.n}
  };
  add(out, "mean", figure.mean);
  add_interval(out, "mean", figure.mean_low, figure.mean_high);
  if (figure.n > 0) out.add("max", figure.largest);
  constexpr std::string_view kNames[] = {"p50", "p90", "p95", "p99", "p99_9"};
  for (std::size_t i = 0; i < figure.quantiles.size(); ++i) {
    const QuantileFigure& quantile = figure.quantiles[i];
    add(out, std::string(kNames[i]), quantile.value);
    add_interval(out, std::string(kNames[i]), quantile.low, quantile.high);
  }
  return out;
}

Value to_value(const Throughput& through) {
  return Object{
      {"seconds",             through.seconds            },
      {"requests_per_s",      through.requests_per_s     },
      {"input_tokens_per_s",  through.input_tokens_per_s },
      {"output_tokens_per_s", through.output_tokens_per_s},
      {"total_tokens_per_s",  through.total_tokens_per_s }
  };
}

Value to_value(const TimeHistogram& histogram) {
  Object out{
      {"n", histogram.count()}
  };
  if (histogram.count() == 0) return out;
  out.add("mean", histogram.sum() / static_cast<double>(histogram.count()));
  add(out, "p50", histogram.quantile(0.5));
  add(out, "p90", histogram.quantile(0.9));
  add(out, "p99", histogram.quantile(0.99));
  add(out, "p99_9", histogram.quantile(0.999));
  out.add("max", histogram.largest());
  return out;
}

}  // namespace

std::optional<double> time_of(const LoadRecord& record, std::string_view name) {
  const float value = name == "ttft"             ? record.ttft_ms
                      : name == "service_ttft"   ? record.service_ttft_ms
                      : name == "ttfo"           ? record.ttfo_ms
                      : name == "first_event"    ? record.first_event_ms
                      : name == "header"         ? record.header_ms
                      : name == "tpot"           ? record.tpot_ms
                      : name == "itl"            ? record.itl_ms
                      : name == "server_queue"   ? record.server_queue_ms
                      : name == "server_prefill" ? record.server_prefill_ms
                      : name == "server_decode"  ? record.server_decode_ms
                                                 : record.latency_ms;
  if (std::isnan(value)) return std::nullopt;
  return double{value};
}

bool is_good(const LoadRecord& record, const std::vector<Objective>& objectives) {
  if (record.error != ErrorClass::none) return false;
  return std::ranges::all_of(objectives, [&](const Objective& objective) {
    // One token has no time between tokens: nothing broke the limit.
    const std::optional<double> value = time_of(record, objective.metric);
    return !value || *value <= objective.limit_ms;
  });
}

bool in_window(const LoadResult& result, const LoadRecord& record) {
  if (record.warm_up || record.cool_down) return false;
  return !has_window(result) || (record.scheduled_s >= result.window_from_s - 1e-9 &&
                                 record.scheduled_s <= result.window_to_s + 1e-9);
}

const TimeFigure* LoadFigures::find(std::string_view name) const {
  for (const TimeFigure& figure : times)
    if (figure.name == name) return &figure;
  return nullptr;
}

LoadFigures load_figures(const LoadResult& result, const std::vector<Objective>& objectives) {
  LoadFigures figures{.whole_run = !has_window(result),
                      .event_gaps = result.event_gaps,
                      .token_gaps = result.token_gaps};
  std::vector<const LoadRecord*> counted;
  for (const LoadRecord& record : result.records) {
    if (record.warm_up)
      ++figures.warm_up;
    else if (!in_window(result, record))
      ++figures.outside;
    else
      counted.push_back(&record);
  }
  std::ranges::sort(counted, [](const LoadRecord* a, const LoadRecord* b) {
    return a->scheduled_s < b->scheduled_s;
  });

  std::int64_t good = 0, inputs = 0, outputs = 0, cached = 0, cached_of = 0;
  double input = 0, output = 0, input_off = 0, output_off = 0;
  std::int64_t input_wished = 0, output_wished = 0;
  for (const LoadRecord* record : counted) {
    ++figures.requests;
    if (is_good(*record, objectives)) ++good;
    if (record->error != ErrorClass::none) {
      ++figures.failed;
      ++figures.errors[std::string(name(record->error))];
      continue;
    }
    ++figures.succeeded;
    if (record->input >= 0) {
      ++inputs;
      input += record->input;
      if (record->wanted_input > 0) {
        ++input_wished;
        input_off += std::abs(record->input - record->wanted_input);
      }
      if (record->cached >= 0) {
        cached += record->cached;
        cached_of += record->input;
      }
    }
    if (record->output >= 0) {
      ++outputs;
      output += record->output;
      if (record->wanted_output > 0) {
        ++output_wished;
        output_off += std::abs(record->output - record->wanted_output);
      }
    }
  }
  const auto mean = [](double sum, std::int64_t n) -> std::optional<double> {
    if (n == 0) return std::nullopt;
    return sum / static_cast<double>(n);
  };
  figures.input_tokens = mean(input, inputs);
  figures.output_tokens = mean(output, outputs);
  figures.input_off = mean(input_off, input_wished);
  figures.output_off = mean(output_off, output_wished);
  if (cached_of > 0)
    figures.cache_hit_rate = static_cast<double>(cached) / static_cast<double>(cached_of);

  for (const std::string_view name : kTimes) {
    std::vector<double> values;
    for (const LoadRecord* record : counted)
      if (record->error == ErrorClass::none)
        if (const std::optional<double> value = time_of(*record, name)) values.push_back(*value);
    figures.times.push_back(time_figure(name, values));
  }

  const double from = figures.whole_run ? 0 : result.window_from_s;
  const double to = figures.whole_run ? result.wall_s : result.window_to_s;
  figures.steady = throughput(result, from, to);
  figures.whole = throughput(result, 0, result.wall_s);
  for (int i = 0; i < kTenths && !figures.whole_run; ++i) {
    const double width = (to - from) / kTenths;
    const Throughput tenth = throughput(result, from + i * width, from + (i + 1) * width);
    figures.block_output_tokens_per_s.push_back(tenth.output_tokens_per_s);
    figures.block_requests_per_s.push_back(tenth.requests_per_s);
  }
  // By when each was under way, whatever phase it belongs to; good ones by their end, as
  // throughput.
  double busy = 0;
  std::int64_t good_ended = 0;
  for (const LoadRecord& record : result.records) {
    busy += std::max(0.0, std::min(to, record.end_s) - std::max(from, record.sent_s));
    if (record.end_s >= from && record.end_s <= to && is_good(record, objectives)) ++good_ended;
  }
  if (to > from) figures.in_flight = busy / (to - from);
  if (!objectives.empty() && figures.requests > 0) {
    figures.goodput = static_cast<double>(good) / static_cast<double>(figures.requests);
    if (const auto interval = stats::wilson(good, figures.requests)) {
      figures.goodput_low = interval->lower;
      figures.goodput_high = interval->upper;
    }
    if (to > from) figures.good_per_s = static_cast<double>(good_ended) / (to - from);
  }
  return figures;
}

Value to_value(const LoadFigures& figures) {
  Object errors;
  for (const auto& [kind, count] : figures.errors) errors.add(kind, count);
  Object times;
  for (const TimeFigure& figure : figures.times) times.add(figure.name + "_ms", to_value(figure));
  times.add("event_gap_ms", to_value(figures.event_gaps));
  times.add("token_gap_ms", to_value(figures.token_gaps));
  Object out{
      {"requests",         figures.requests                          },
      {"succeeded",        figures.succeeded                         },
      {"failed",           figures.failed                            },
      {"warm_up",          figures.warm_up                           },
      {"outside_window",   figures.outside                           },
      {"window",           figures.whole_run ? "whole run" : "steady"},
      {"errors",           std::move(errors)                         },
      {"times",            std::move(times)                          },
      {"throughput",       to_value(figures.steady)                  },
      {"throughput_whole", to_value(figures.whole)                   }
  };
  add(out, "goodput", figures.goodput);
  add_interval(out, "goodput", figures.goodput_low, figures.goodput_high);
  add(out, "good_per_s", figures.good_per_s);
  add(out, "input_tokens", figures.input_tokens);
  add(out, "output_tokens", figures.output_tokens);
  add(out, "input_tokens_off", figures.input_off);
  add(out, "output_tokens_off", figures.output_off);
  add(out, "cache_hit_rate", figures.cache_hit_rate);
  out.add("in_flight", figures.in_flight);
  return out;
}

}  // namespace llmops
