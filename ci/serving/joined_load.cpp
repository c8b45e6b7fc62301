#include "ci/serving/joined_load.h"

#include <algorithm>
#include <cmath>

#include "ci/serving/load_figures.h"

namespace llmops {

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

}  // namespace llmops
