#pragma once
// What the graphics processors of this machine do during a load: NVIDIA's through
// libnvidia-ml.so.1, opened at run time; AMD's through sysfs. A call that is not supported leaves
// its column blank; no driver is no error.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "datasets/text/value.h"

namespace llmops {

// Reasons why a clock is not higher, as NVML numbers them.
inline constexpr std::uint64_t kThrottleIdle = 0x1, kThrottlePower = 0x4, kThrottleHardware = 0x8,
                               kThrottleThermal = 0x40;

// One look at one card. Absent: not supported.
struct GpuSample {
  double at_s = 0;
  std::optional<double> power_w, energy_j;  // energy: a counter
  std::optional<double> sm_mhz, memory_mhz;
  std::optional<double> used_bytes, busy_percent, temperature_c;
  std::optional<double> sm_occupancy_percent, dram_busy_percent;  // since the look before (Hopper)
  std::optional<std::uint64_t> throttle;  // reasons, a bit set as NVML has it
  std::optional<double> power_violation_s, thermal_violation_s;  // counters
  std::optional<std::int64_t> ecc_errors, remapped_rows;         // counters
  std::optional<int> processes;                                  // that compute on it
  // Share of the card's time that others took than the process with the most memory, which is
  // taken for the server.
  std::optional<double> foreign_share;
};

struct GpuCard {
  std::string name, uuid;
  std::optional<double> power_limit_w, sm_mhz_most, total_bytes;
  std::optional<bool> partitioned;  // MIG
  std::optional<bool> persistent;   // the driver stays loaded between clients
  std::vector<GpuSample> samples;
};

// The cards of this machine; `find` gives nullptr with a reason where there are none.
class GpuTelemetry {
 public:
  static std::unique_ptr<GpuTelemetry> find(std::string& why_none);
  virtual ~GpuTelemetry() = default;
  virtual void sample(double at_s) = 0;  // appends to every card; takes about a millisecond a card
  std::string driver;
  std::vector<GpuCard> cards;
};

// NVML from that library file; nullptr where it cannot be opened or started.
std::unique_ptr<GpuTelemetry> open_nvml(const std::string& library, std::string& why_none);
// AMD cards under `/sys/class/drm`, or a folder of that shape (amd.cpp).
std::unique_ptr<GpuTelemetry> open_amd(const std::filesystem::path& drm, std::string& why_none);

// "power cap, thermal (hardware)"; empty where nothing throttles (idle and application clocks are
// none).
std::string throttle_text(std::uint64_t reasons);

// Over all samples of a card: means, extremes, energy, how long it was throttled. Absent: not told.
struct GpuFacts {
  std::optional<double> energy_j, power_w, sm_mhz_least, memory_mhz, busy_percent,
      temperature_c_most, used_bytes_most, power_violation_s, thermal_violation_s,
      sm_occupancy_percent, dram_busy_percent, foreign_share;
  // Mean clocks while the card had work (all samples where it never says that it was idle), and
  // while it had work and nothing throttled it.
  std::optional<double> sm_mhz, sm_mhz_free;
  std::optional<std::uint64_t> throttle;                  // of all samples
  std::optional<double> throttled_share;                  // of the samples
  std::optional<std::int64_t> ecc_errors, remapped_rows;  // new ones
  std::optional<int> processes;                           // the most at once
  std::int64_t samples = 0;
};
GpuFacts gpu_facts(const GpuCard& card);
// One card over several loads: sums of what adds up, means of means, extremes.
GpuFacts joined(const std::vector<GpuFacts>& loads);

Value to_value(const GpuCard& card, const GpuFacts& facts);
// Cards, driver and power limits as a fingerprint.
List gpu_identity(const GpuTelemetry& telemetry);

}  // namespace llmops
