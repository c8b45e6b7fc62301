#include "evaluators/telemetry/gpu.h"

#include <algorithm>
#include <cstdlib>

namespace llmops {
namespace fs = std::filesystem;
namespace {

struct Reason {
  std::uint64_t bit;
  std::string_view text;
};
// Idle and application clocks (2) are no throttling.
constexpr Reason kReasons[] = {
    {kThrottlePower,    "power cap"         },
    {kThrottleHardware, "hardware slowdown" },
    {0x20,              "thermal (software)"},
    {kThrottleThermal,  "thermal (hardware)"},
    {0x80,              "power brake"       },
};

bool always(const GpuSample&) { return true; }
bool working(const GpuSample& sample) { return (sample.throttle.value_or(0) & kThrottleIdle) == 0; }
bool free_running(const GpuSample& sample) {
  return sample.throttle && working(sample) && throttle_text(*sample.throttle).empty();
}

// Of the samples that tell it and are `wanted`.
std::optional<double> mean_of(const std::vector<GpuSample>& samples,
                              std::optional<double> GpuSample::*field,
                              bool (*wanted)(const GpuSample&) = &always) {
  double sum = 0;
  int n = 0;
  for (const GpuSample& sample : samples)
    if (sample.*field && wanted(sample)) {
      sum += *(sample.*field);
      ++n;
    }
  if (n == 0) return std::nullopt;
  return sum / n;
}

void most_of(const std::vector<GpuSample>& samples, std::optional<double> GpuSample::*field,
             std::optional<double>& most, bool least = false) {
  for (const GpuSample& sample : samples) {
    const std::optional<double>& value = sample.*field;
    if (!value) continue;
    most = most ? (least ? std::min(*most, *value) : std::max(*most, *value)) : *value;
  }
}

// From the first sample that tells it to the last; nullopt where it went down, or one tells it.
template <class Number>
std::optional<Number> growth(const std::vector<GpuSample>& samples,
                             std::optional<Number> GpuSample::*field) {
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
  facts.power_w = mean_of(samples, &GpuSample::power_w);
  facts.memory_mhz = mean_of(samples, &GpuSample::memory_mhz);
  facts.busy_percent = mean_of(samples, &GpuSample::busy_percent);
  facts.sm_occupancy_percent = mean_of(samples, &GpuSample::sm_occupancy_percent);
  facts.dram_busy_percent = mean_of(samples, &GpuSample::dram_busy_percent);
  facts.foreign_share = mean_of(samples, &GpuSample::foreign_share);
  facts.sm_mhz = mean_of(samples, &GpuSample::sm_mhz, &working);
  if (!facts.sm_mhz) facts.sm_mhz = mean_of(samples, &GpuSample::sm_mhz);
  facts.sm_mhz_free = mean_of(samples, &GpuSample::sm_mhz, &free_running);
  most_of(samples, &GpuSample::sm_mhz, facts.sm_mhz_least, true);
  most_of(samples, &GpuSample::temperature_c, facts.temperature_c_most);
  most_of(samples, &GpuSample::used_bytes, facts.used_bytes_most);
  facts.ecc_errors = growth(samples, &GpuSample::ecc_errors);
  facts.remapped_rows = growth(samples, &GpuSample::remapped_rows);
  int told = 0, throttled = 0;
  for (const GpuSample& sample : samples) {
    if (sample.throttle) {
      ++told;
      facts.throttle = facts.throttle.value_or(0) | *sample.throttle;
      if (!throttle_text(*sample.throttle).empty()) ++throttled;
    }
    if (sample.processes)
      facts.processes = std::max(facts.processes.value_or(0), *sample.processes);
  }
  if (told > 0) facts.throttled_share = static_cast<double>(throttled) / told;
  // Cards without an energy counter: the mean power over the time.
  if (!facts.energy_j && facts.power_w && samples.size() > 1)
    facts.energy_j = *facts.power_w * (samples.back().at_s - samples.front().at_s);
  return facts;
}

GpuFacts joined(const std::vector<GpuFacts>& loads) {
  GpuFacts all;
  const auto fold = [&](auto field, auto&& take) {
    for (const GpuFacts& load : loads)
      if (load.*field)
        all.*field = all.*field ? take(*(all.*field), *(load.*field)) : *(load.*field);
  };
  const auto sum = [](auto a, auto b) { return a + b; };
  const auto most = [](auto a, auto b) { return std::max(a, b); };
  for (const auto field :
       {&GpuFacts::energy_j, &GpuFacts::power_violation_s, &GpuFacts::thermal_violation_s})
    fold(field, sum);
  for (const auto field : {&GpuFacts::ecc_errors, &GpuFacts::remapped_rows}) fold(field, sum);
  for (const auto field : {&GpuFacts::temperature_c_most, &GpuFacts::used_bytes_most})
    fold(field, most);
  fold(&GpuFacts::processes, most);
  fold(&GpuFacts::sm_mhz_least, [](double a, double b) { return std::min(a, b); });
  fold(&GpuFacts::throttle, [](std::uint64_t a, std::uint64_t b) { return a | b; });
  for (const auto field :
       {&GpuFacts::power_w, &GpuFacts::sm_mhz, &GpuFacts::sm_mhz_free, &GpuFacts::memory_mhz,
        &GpuFacts::busy_percent, &GpuFacts::sm_occupancy_percent, &GpuFacts::dram_busy_percent,
        &GpuFacts::foreign_share, &GpuFacts::throttled_share}) {
    fold(field, sum);
    const auto told = std::ranges::count_if(
        loads, [&](const GpuFacts& load) { return (load.*field).has_value(); });
    if (told > 0) all.*field = *(all.*field) / static_cast<double>(told);
  }
  for (const GpuFacts& load : loads) all.samples += load.samples;
  return all;
}

Value to_value(const GpuCard& card, const GpuFacts& facts) {
  Object out{
      {"name",    card.name    },
      {"uuid",    card.uuid    },
      {"samples", facts.samples}
  };
  const auto add = [&](const char* key, const auto& value) {
    if (value) out.add(key, *value);
  };
  add("power_limit_w", card.power_limit_w);
  add("sm_mhz_limit", card.sm_mhz_most);
  add("memory_bytes", card.total_bytes);
  add("persistence_mode", card.persistent);
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
  add("sm_mhz_free", facts.sm_mhz_free);
  add("sm_occupancy_percent", facts.sm_occupancy_percent);
  add("dram_busy_percent", facts.dram_busy_percent);
  if (facts.throttle) out.add("throttled", throttle_text(*facts.throttle));
  add("throttled_share", facts.throttled_share);
  add("ecc_errors", facts.ecc_errors);
  add("remapped_rows", facts.remapped_rows);
  add("processes", facts.processes);
  add("foreign_share", facts.foreign_share);
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
