// AMD's cards as the amdgpu driver shows them in sysfs: plain numbers, the sensors of hwmon, and
// `gpu_metrics`, a table whose shape its head names (kgd_pp_interface.h of the Linux kernel).
#include <algorithm>
#include <bit>
#include <cstring>
#include <fstream>
#include <iterator>

#include "evaluators/telemetry/gpu.h"
#include "evaluators/telemetry/kernel_files.h"

namespace llmops {
namespace fs = std::filesystem;
namespace {

static_assert(std::endian::native == std::endian::little, "gpu_metrics is read as it lies there");

constexpr double kEnergyUnit_j = 1.0 / 65536;  // 2^-16 J: table 1.4 and later say so
// Throttlers, whatever the card (amdgpu_smu.h): power, current, temperature.
constexpr std::uint64_t kPowerBits = 0xff, kCurrentBits = 0xff0000, kHeatBits = 0xffff00000000;

// `gpu_metrics` at one moment.
class Table {
 public:
  explicit Table(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    bytes_.assign(std::istreambuf_iterator<char>(in), {});
  }
  // A counter of the whole card; tables before 1.4 have it in a unit that depends on the card.
  std::optional<double> energy_j() const {
    if (format() != 1 || content() < 4 || content() > 6) return std::nullopt;
    const auto value = wide(content() == 4 ? 24 : 88);  // 1.5 put 32 engines before it
    if (!value) return std::nullopt;
    return static_cast<double>(*value) * kEnergyUnit_j;
  }
  // In NVML's bits.
  std::optional<std::uint64_t> throttle() const {
    if (format() != 1 || content() != 3) return std::nullopt;
    const auto value = wide(112);
    if (!value) return std::nullopt;
    return ((*value & kPowerBits) != 0 ? kThrottlePower : 0) |
           ((*value & kCurrentBits) != 0 ? kThrottleHardware : 0) |
           ((*value & kHeatBits) != 0 ? kThrottleThermal : 0);
  }

 private:
  int format() const { return bytes_.size() < 4 ? 0 : static_cast<unsigned char>(bytes_[2]); }
  int content() const { return bytes_.size() < 4 ? 0 : static_cast<unsigned char>(bytes_[3]); }
  // All bits set: the card does not tell.
  std::optional<std::uint64_t> wide(std::size_t at) const {
    std::uint64_t value = 0;
    if (bytes_.size() < at + sizeof value) return std::nullopt;
    std::memcpy(&value, bytes_.data() + at, sizeof value);
    if (value == ~std::uint64_t{0}) return std::nullopt;
    return value;
  }
  std::string bytes_;
};

class Amd final : public GpuTelemetry {
 public:
  explicit Amd(const fs::path& drm) {
    std::error_code absent;
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(drm, absent)) {
      const std::string name = entry.path().filename().string();
      if (name.starts_with("card") && name.find('-') == std::string::npos &&
          line_in(entry.path() / "device/vendor") == "0x1002")
        found.push_back(entry.path() / "device");
    }
    std::ranges::sort(found);
    for (const fs::path& device : found) {
      GpuCard card{.name = line_in(device / "product_name")};
      if (card.name.empty()) card.name = "AMD " + line_in(device / "device");
      card.uuid = line_in(device / "unique_id");
      card.total_bytes = number_in(device / "mem_info_vram_total");
      fs::path sensors;
      for (const auto& sensor : fs::directory_iterator(device / "hwmon", absent))
        sensors = sensor.path();
      if (const auto cap = number_in(sensors / "power1_cap")) card.power_limit_w = *cap / 1e6;
      cards.push_back(std::move(card));
      devices_.push_back({device, sensors});
    }
  }

  void sample(double at_s) override {
    for (std::size_t i = 0; i < devices_.size(); ++i)
      cards[i].samples.push_back(look_at(devices_[i].first, devices_[i].second, at_s));
  }

 private:
  static GpuSample look_at(const fs::path& device, const fs::path& sensors, double at_s) {
    GpuSample sample{.at_s = at_s};
    sample.busy_percent = number_in(device / "gpu_busy_percent");
    sample.used_bytes = number_in(device / "mem_info_vram_used");
    // Sensors are in microwatts, microjoules, millidegrees and hertz.
    auto power = number_in(sensors / "power1_average");
    if (!power) power = number_in(sensors / "power1_input");
    if (power) sample.power_w = *power / 1e6;
    if (const auto heat = number_in(sensors / "temp1_input")) sample.temperature_c = *heat / 1e3;
    if (const auto clock = number_in(sensors / "freq1_input")) sample.sm_mhz = *clock / 1e6;
    if (const auto clock = number_in(sensors / "freq2_input")) sample.memory_mhz = *clock / 1e6;
    const Table table(device / "gpu_metrics");
    if (const auto energy = number_in(sensors / "energy1_input"))
      sample.energy_j = *energy / 1e6;
    else
      sample.energy_j = table.energy_j();
    sample.throttle = table.throttle();
    return sample;
  }

  std::vector<std::pair<fs::path, fs::path>> devices_;
};

}  // namespace

std::unique_ptr<GpuTelemetry> open_amd(const fs::path& drm, std::string& why_none) {
  auto amd = std::make_unique<Amd>(drm);
  if (!amd->cards.empty()) return amd;
  why_none = "no AMD card under " + drm.string();
  return nullptr;
}

}  // namespace llmops
