#include "evaluators/telemetry/gpu.h"

#include <doctest/doctest.h>

#include <cstdlib>

#include "tests/support/reference.h"

using namespace llmops;

namespace {

// The fake card after three looks; one function answers "not supported".
GpuFacts facts_without(const char* function) {
  ::setenv("FAKE_NVML_UNSUPPORTED", function, 1);
  std::string why;
  const auto gpu = open_nvml(LLMOPS_FAKE_NVML, why);
  GpuFacts facts;
  if (gpu != nullptr) {
    for (int i = 0; i < 3; ++i) gpu->sample(i);
    facts = gpu_facts(gpu->cards.at(0));
  }
  ::unsetenv("FAKE_NVML_UNSUPPORTED");
  return facts;
}

}  // namespace

TEST_CASE("gpu: a card's facts come from its counters") {
  std::string why;
  const auto gpu = open_nvml(LLMOPS_FAKE_NVML, why);
  REQUIRE(gpu);
  CHECK(gpu->driver == "555.55");
  REQUIRE(gpu->cards.size() == 1);
  CHECK(gpu->cards[0].name == "Fake H100");
  CHECK(*gpu->cards[0].power_limit_w == 700);
  const GpuFacts facts = facts_without("");
  CHECK(*facts.energy_j == doctest::Approx(80));
  CHECK(*facts.power_w == 400);
  CHECK(*facts.sm_mhz == 1500);
  CHECK(*facts.power_violation_s == doctest::Approx(1.0));
  CHECK(*facts.thermal_violation_s == 0);
  CHECK(*facts.temperature_c_most == 71);
  CHECK(throttle_text(facts.throttle) == "power cap");
  CHECK(facts.throttled_share > 0);
  CHECK(facts.throttled_share < 1);
  CHECK(facts.ecc_errors == 2);
  CHECK(facts.processes == 2);
}

TEST_CASE("gpu: what is not supported is blank, the rest stays") {
  CHECK(*facts_without("nvmlDeviceGetTotalEnergyConsumption").energy_j ==
        doctest::Approx(800));  // mean power over two seconds
  CHECK_FALSE(facts_without("nvmlDeviceGetPowerUsage").power_w);
  CHECK_FALSE(facts_without("nvmlDeviceGetClockInfo").sm_mhz);
  CHECK(facts_without("nvmlDeviceGetCurrentClocksEventReasons").throttle == 0);
  CHECK_FALSE(facts_without("nvmlDeviceGetViolationStatus").power_violation_s);
  CHECK_FALSE(facts_without("nvmlDeviceGetMemoryInfo").used_bytes_most);
  CHECK_FALSE(facts_without("nvmlDeviceGetUtilizationRates").busy_percent);
  CHECK_FALSE(facts_without("nvmlDeviceGetTemperature").temperature_c_most);
  CHECK(facts_without("nvmlDeviceGetTotalEccErrors").ecc_errors == 0);
  CHECK(facts_without("nvmlDeviceGetComputeRunningProcesses_v3").processes == 0);
  CHECK(*facts_without("nvmlDeviceGetMigMode").power_w == 400);
}

TEST_CASE("gpu: no driver is no error") {
  std::string why;
  CHECK(open_nvml("libnothing-of-this-name.so.1", why) == nullptr);
  CHECK(why == "no NVIDIA driver (libnothing-of-this-name.so.1 is not there)");
  ::setenv("FAKE_NVML_UNSUPPORTED", "nvmlInit_v2", 1);
  CHECK(open_nvml(LLMOPS_FAKE_NVML, why) == nullptr);
  CHECK(why == "the NVIDIA driver does not answer");
  ::unsetenv("FAKE_NVML_UNSUPPORTED");
  ::setenv("FAKE_NVML_CARDS", "0", 1);
  CHECK(open_nvml(LLMOPS_FAKE_NVML, why) == nullptr);
  ::unsetenv("FAKE_NVML_CARDS");
}

TEST_CASE("gpu: AMD cards by sysfs") {
  const test::TemporaryFolder folder;
  folder.write("card0/device/vendor", "0x1002\n");
  folder.write("card0/device/product_name", "Fake MI300\n");
  folder.write("card0/device/gpu_busy_percent", "88\n");
  folder.write("card0/device/mem_info_vram_used", "1000\n");
  folder.write("card0/device/hwmon/hwmon3/power1_average", "300000000\n");
  folder.write("card0/device/hwmon/hwmon3/temp1_input", "65000\n");
  folder.write("card0-DP-1/device/vendor", "0x1002\n");
  folder.write("card1/device/vendor", "0x8086\n");
  std::string why;
  const auto gpu = open_amd(folder.path(), why);
  REQUIRE(gpu);
  REQUIRE(gpu->cards.size() == 1);
  gpu->sample(0);
  const GpuFacts facts = gpu_facts(gpu->cards[0]);
  CHECK(gpu->cards[0].name == "Fake MI300");
  CHECK(*facts.power_w == 300);
  CHECK(*facts.temperature_c_most == 65);
  CHECK(*facts.busy_percent == 88);
  CHECK(open_amd(folder.path() / "none", why) == nullptr);
}
