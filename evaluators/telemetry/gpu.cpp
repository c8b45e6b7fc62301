#include "evaluators/telemetry/gpu.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>

namespace llmops {
namespace fs = std::filesystem;
namespace {

struct Reason {
  std::uint64_t bit;
  std::string_view text;
};
// Idle (1) and application clocks (2) are no throttling.
constexpr Reason kReasons[] = {
    {0x4,  "power cap"         },
    {0x8,  "hardware slowdown" },
    {0x20, "thermal (software)"},
    {0x40, "thermal (hardware)"},
    {0x80, "power brake"       },
};

std::optional<double> number_in(const fs::path& file) {
  std::ifstream in(file);
  double value = 0;
  if (in >> value) return value;
  return std::nullopt;
}

std::string line_in(const fs::path& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line;
}

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
    for (std::size_t i = 0; i < devices_.size(); ++i) {
      const auto& [device, sensors] = devices_[i];
      GpuSample sample{.at_s = at_s};
      sample.busy_percent = number_in(device / "gpu_busy_percent");
      sample.used_bytes = number_in(device / "mem_info_vram_used");
      if (const auto power = number_in(sensors / "power1_average")) sample.power_w = *power / 1e6;
      if (const auto heat = number_in(sensors / "temp1_input")) sample.temperature_c = *heat / 1e3;
      if (const auto clock = number_in(sensors / "freq1_input")) sample.sm_mhz = *clock / 1e6;
      cards[i].samples.push_back(sample);
    }
  }

 private:
  std::vector<std::pair<fs::path, fs::path>> devices_;
};

void mean_of(const std::vector<GpuSample>& samples, std::optional<double> GpuSample::*field,
             std::optional<double>& mean) {
  double sum = 0;
  int n = 0;
  for (const GpuSample& sample : samples)
    if (sample.*field) {
      sum += *(sample.*field);
      ++n;
    }
  if (n > 0) mean = sum / n;
}

void most_of(const std::vector<GpuSample>& samples, std::optional<double> GpuSample::*field,
             std::optional<double>& most, bool least = false) {
  for (const GpuSample& sample : samples) {
    const std::optional<double>& value = sample.*field;
    if (!value) continue;
    most = most ? (least ? std::min(*most, *value) : std::max(*most, *value)) : *value;
  }
}

std::optional<double> growth(const std::vector<GpuSample>& samples,
                             std::optional<double> GpuSample::*field) {
  const GpuSample *first = nullptr, *last = nullptr;
  for (const GpuSample& sample : samples) {
    if (!(sample.*field)) continue;
    if (first == nullptr) first = &sample;
    last = &sample;
  }
  if (first == nullptr || first == last || *(last->*field) < *(first->*field)) return std::nullopt;
  return *(last->*field) - *(first->*field);
}

}  // namespace

std::unique_ptr<GpuTelemetry> open_amd(const fs::path& drm, std::string& why_none) {
  auto amd = std::make_unique<Amd>(drm);
  if (!amd->cards.empty()) return amd;
  why_none = "no AMD card under " + drm.string();
  return nullptr;
}

std::unique_ptr<GpuTelemetry> GpuTelemetry::find(std::string& why_none) {
  const char* given = std::getenv("LLMOPS_NVML");
  std::unique_ptr<GpuTelemetry> found =
      open_nvml(given != nullptr ? given : "libnvidia-ml.so.1", why_none);
  if (found == nullptr) {
    std::string why_no_amd;
    found = open_amd("/sys/class/drm", why_no_amd);
    if (found == nullptr) why_none += "; " + why_no_amd;
  }
  return found;
}

std::string throttle_text(std::uint64_t reasons) {
  std::string text;
  for (const Reason& reason : kReasons)
    if ((reasons & reason.bit) != 0) text += (text.empty() ? "" : ", ") + std::string(reason.text);
  return text;
}

GpuFacts gpu_facts(const GpuCard& card) {
  GpuFacts facts;
  const std::vector<GpuSample>& samples = card.samples;
  facts.samples = static_cast<std::int64_t>(samples.size());
  facts.energy_j = growth(samples, &GpuSample::energy_j);
  facts.power_violation_s = growth(samples, &GpuSample::power_violation_s);
  facts.thermal_violation_s = growth(samples, &GpuSample::thermal_violation_s);
  mean_of(samples, &GpuSample::power_w, facts.power_w);
  mean_of(samples, &GpuSample::sm_mhz, facts.sm_mhz);
  mean_of(samples, &GpuSample::memory_mhz, facts.memory_mhz);
  mean_of(samples, &GpuSample::busy_percent, facts.busy_percent);
  most_of(samples, &GpuSample::sm_mhz, facts.sm_mhz_least, true);
  most_of(samples, &GpuSample::temperature_c, facts.temperature_c_most);
  most_of(samples, &GpuSample::used_bytes, facts.used_bytes_most);
  int told = 0, throttled = 0;
  std::optional<std::int64_t> first_ecc, last_ecc;
  for (const GpuSample& sample : samples) {
    if (sample.throttle) {
      ++told;
      facts.throttle |= *sample.throttle;
      if (!throttle_text(*sample.throttle).empty()) ++throttled;
    }
    if (sample.ecc_errors) {
      if (!first_ecc) first_ecc = sample.ecc_errors;
      last_ecc = sample.ecc_errors;
    }
    facts.processes = std::max(facts.processes, sample.processes.value_or(0));
  }
  if (told > 0) facts.throttled_share = static_cast<double>(throttled) / told;
  if (first_ecc) facts.ecc_errors = std::max<std::int64_t>(0, *last_ecc - *first_ecc);
  // Cards without an energy counter: the mean power over the time.
  if (!facts.energy_j && facts.power_w && samples.size() > 1)
    facts.energy_j = *facts.power_w * (samples.back().at_s - samples.front().at_s);
  return facts;
}

GpuFacts joined(const std::vector<GpuFacts>& loads) {
  GpuFacts all;
  using Field = std::optional<double> GpuFacts::*;
  const auto fold = [&](Field field, auto&& take) {
    for (const GpuFacts& load : loads)
      if (load.*field)
        all.*field = all.*field ? take(*(all.*field), *(load.*field)) : *(load.*field);
  };
  const auto sum = [](double a, double b) { return a + b; };
  const auto most = [](double a, double b) { return std::max(a, b); };
  for (const Field field :
       {&GpuFacts::energy_j, &GpuFacts::power_violation_s, &GpuFacts::thermal_violation_s})
    fold(field, sum);
  for (const Field field : {&GpuFacts::temperature_c_most, &GpuFacts::used_bytes_most})
    fold(field, most);
  fold(&GpuFacts::sm_mhz_least, [](double a, double b) { return std::min(a, b); });
  for (const Field field :
       {&GpuFacts::power_w, &GpuFacts::sm_mhz, &GpuFacts::memory_mhz, &GpuFacts::busy_percent}) {
    fold(field, sum);
    const auto told = std::ranges::count_if(
        loads, [&](const GpuFacts& load) { return (load.*field).has_value(); });
    if (told > 0) all.*field = *(all.*field) / static_cast<double>(told);
  }
  for (const GpuFacts& load : loads) {
    all.throttle |= load.throttle;
    all.throttled_share += load.throttled_share / static_cast<double>(loads.size());
    all.ecc_errors += load.ecc_errors;
    all.processes = std::max(all.processes, load.processes);
    all.samples += load.samples;
  }
  return all;
}

Value to_value(const GpuCard& card, const GpuFacts& facts) {
  Object out{
      {"name",    card.name    },
      {"uuid",    card.uuid    },
      {"samples", facts.samples}
  };
  const auto add = [&](const char* key, const std::optional<double>& value) {
    if (value) out.add(key, *value);
  };
  add("power_limit_w", card.power_limit_w);
  add("sm_mhz_limit", card.sm_mhz_most);
  add("memory_bytes", card.total_bytes);
  add("energy_j", facts.energy_j);
  add("power_w", facts.power_w);
  add("sm_mhz", facts.sm_mhz);
  add("sm_mhz_least", facts.sm_mhz_least);
  add("memory_mhz", facts.memory_mhz);
  add("busy_percent", facts.busy_percent);
  add("temperature_c_most", facts.temperature_c_most);
  add("memory_bytes_most", facts.used_bytes_most);
  add("power_violation_s", facts.power_violation_s);
  add("thermal_violation_s", facts.thermal_violation_s);
  out.add("throttled", throttle_text(facts.throttle));
  out.add("throttled_share", facts.throttled_share);
  out.add("ecc_errors", facts.ecc_errors);
  out.add("processes", facts.processes);
  return out;
}

List gpu_identity(const GpuTelemetry& telemetry) {
  List cards;
  for (const GpuCard& card : telemetry.cards) {
    Object out{
        {"name", card.name}
    };
    if (card.power_limit_w) out.add("power_limit_w", *card.power_limit_w);
    if (card.partitioned && *card.partitioned) out.add("partitioned", true);
    cards.push_back(std::move(out));
  }
  return cards;
}

}  // namespace llmops
