#include "ci/serving/joined_load.h"

#include <algorithm>
#include <cmath>

namespace llmops {
namespace {

// One load after the other: the seconds of a load follow those of the one before; what lies outside
// a load's steady window stays outside the figures.
LoadResult joined(const std::vector<LoadResult>& loads) {
  LoadResult all;
  double offset = 0;
  for (const LoadResult& load : loads) {
    for (LoadRecord record : load.records) {
      if (!in_window(load, record)) record.warm_up = true;
      record.scheduled_s += offset;
      record.sent_s += offset;
      record.end_s += offset;
      all.records.push_back(record);
    }
    const auto from = static_cast<std::size_t>(offset);
    if (all.seconds.size() < from + load.seconds.size())
      all.seconds.resize(from + load.seconds.size());
    for (std::size_t i = 0; i < load.seconds.size(); ++i) {
      LoadSecond& into = all.seconds[from + i];
      const LoadSecond& second = load.seconds[i];
      into.sent += second.sent;
      into.done += second.done;
      into.failed += second.failed;
      into.output_tokens += second.output_tokens;
      into.in_flight = second.in_flight;
    }
    if (all.window_to_s == 0) all.window_from_s = offset + load.window_from_s;
    all.window_to_s = offset + load.window_to_s;
    all.event_gaps.merge(load.event_gaps);
    all.token_gaps.merge(load.token_gaps);
    all.schedule_lag.merge(load.schedule_lag);
    all.most_in_flight = std::max(all.most_in_flight, load.most_in_flight);
    all.never_sent += load.never_sent;
    all.loop_lag_p99_ms = std::max(all.loop_lag_p99_ms, load.loop_lag_p99_ms);
    all.loop_lag_max_ms = std::max(all.loop_lag_max_ms, load.loop_lag_max_ms);
    all.client_cpu_share = std::max(all.client_cpu_share, load.client_cpu_share);
    offset += std::ceil(load.wall_s);
  }
  all.wall_s = offset;
  return all;
}

// Its rates become those over the seconds of both.
void add(Throughput& into, const Throughput& more) {
  const double all = into.seconds + more.seconds;
  if (all <= 0) return;
  for (const auto rate : {&Throughput::requests_per_s, &Throughput::input_tokens_per_s,
                          &Throughput::output_tokens_per_s, &Throughput::total_tokens_per_s})
    into.*rate = (into.*rate * into.seconds + more.*rate * more.seconds) / all;
  into.seconds = all;
}

}  // namespace

LoadFigures figures_of(const std::vector<LoadResult>& loads,
                       const std::vector<Objective>& objectives) {
  if (loads.size() == 1) return load_figures(loads.front(), objectives);
  LoadFigures all = load_figures(joined(loads), objectives);
  all.steady = all.whole = {};
  all.in_flight = 0;
  all.block_requests_per_s.clear();
  all.block_output_tokens_per_s.clear();
  double good = 0;
  for (const LoadResult& load : loads) {
    const LoadFigures one = load_figures(load, objectives);
    all.whole_run = all.whole_run || one.whole_run;
    add(all.steady, one.steady);
    add(all.whole, one.whole);
    all.in_flight += one.in_flight * one.steady.seconds;
    good += one.good_per_s.value_or(0) * one.steady.seconds;
    const auto append = [](std::vector<double>& into, const std::vector<double>& more) {
      into.insert(into.end(), more.begin(), more.end());
    };
    append(all.block_requests_per_s, one.block_requests_per_s);
    append(all.block_output_tokens_per_s, one.block_output_tokens_per_s);
  }
  if (all.steady.seconds > 0) {
    all.in_flight /= all.steady.seconds;
    if (all.good_per_s) all.good_per_s = good / all.steady.seconds;
  }
  return all;
}

}  // namespace llmops
