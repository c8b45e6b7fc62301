#pragma once
// Processor and memory of this machine during a load, by /proc and /sys. What cannot be read is
// left blank.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "datasets/text/value.h"

namespace llmops {

// One look. Counters grow; `busy` and `total` are clock ticks of all cores together.
struct HostSample {
  double at_s = 0;
  std::optional<double> busy_ticks, total_ticks;
  std::optional<double> used_bytes, total_bytes;  // memory; used: total - available
  std::vector<double> energy_uj;                  // a counter a package (RAPL), which wraps around
};

// Reads /proc/stat, /proc/meminfo and /sys/class/powercap below `root`.
class HostTelemetry {
 public:
  explicit HostTelemetry(std::filesystem::path root = "/");
  void sample(double at_s);
  const std::vector<HostSample>& samples() const { return samples_; }
  void clear() { samples_.clear(); }

 private:
  friend struct HostFacts host_facts(const HostTelemetry& host);
  std::filesystem::path root_;
  std::vector<std::filesystem::path> packages_;  // folders of the energy counters
  std::vector<double> ranges_;                   // where each counter wraps around
  std::vector<HostSample> samples_;
};

struct HostFacts {
  std::optional<double> cpu_share;       // of all cores, from the first sample to the last
  std::optional<double> cpu_share_most;  // between two samples
  std::optional<double> used_bytes_most, total_bytes;
  std::optional<double> energy_j;  // of the processors
};
HostFacts host_facts(const HostTelemetry& host);
Value to_value(const HostFacts& facts);

}  // namespace llmops
