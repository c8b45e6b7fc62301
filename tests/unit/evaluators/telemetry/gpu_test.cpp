#include "evaluators/telemetry/gpu.h"

#include <doctest/doctest.h>

#include <algorithm>
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

// All that a look tells, as one text: what one missing call blanks is what differs.
TEST_CASE("gpu: each call in turn is not supported, and blanks its own column alone") {
  struct Row {
    const char* function;
    std::vector<std::string> blank;  // keys of the document
  };
  const Row rows[] = {
      {"nvmlSystemGetDriverVersion",              {}                                          },
      {"nvmlDeviceGetName",                       {}                                          },
      {"nvmlDeviceGetUUID",                       {}                                          },
      {"nvmlDeviceGetEnforcedPowerLimit",         {"power_limit_w"}                           },
      {"nvmlDeviceGetMaxClockInfo",               {"sm_mhz_limit"}                            },
      {"nvmlDeviceGetMigMode",                    {}                                          },
      {"nvmlDeviceGetPowerUsage",                 {"power_w"}                                 },
      {"nvmlDeviceGetTotalEnergyConsumption",     {}                                          },
      {"nvmlDeviceGetClockInfo",                  {"sm_mhz", "sm_mhz_least", "memory_mhz"}    },
      {"nvmlDeviceGetCurrentClocksEventReasons",  {}                                          },
      {"nvmlDeviceGetViolationStatus",            {"power_violation_s", "thermal_violation_s"}},
      {"nvmlDeviceGetMemoryInfo",                 {"memory_bytes", "memory_bytes_most"}       },
      {"nvmlDeviceGetUtilizationRates",           {"busy_percent"}                            },
      {"nvmlDeviceGetTemperature",                {"temperature_c_most"}                      },
      {"nvmlDeviceGetTotalEccErrors",             {}                                          },
      {"nvmlDeviceGetComputeRunningProcesses_v3", {}                                          },
  };
  const auto document = [](const char* without) {
    ::setenv("FAKE_NVML_UNSUPPORTED", without, 1);
    std::string why;
    const auto gpu = open_nvml(LLMOPS_FAKE_NVML, why);
    ::unsetenv("FAKE_NVML_UNSUPPORTED");
    REQUIRE(gpu);
    ::setenv("FAKE_NVML_UNSUPPORTED", without, 1);
    for (int i = 0; i < 3; ++i) gpu->sample(i);
    ::unsetenv("FAKE_NVML_UNSUPPORTED");
    return to_value(gpu->cards.at(0), gpu_facts(gpu->cards.at(0)));
  };
  const Value whole = document("");
  for (const Row& row : rows) {
    CAPTURE(row.function);
    const Value without = document(row.function);
    for (const Member& member : *whole.object()) {
      CAPTURE(member.key);
      const bool blank = std::ranges::find(row.blank, member.key) != row.blank.end();
      CHECK((without.find(member.key) == nullptr) == blank);
    }
  }
  // Without these there is no card at all, and a reason.
  for (const char* function : {"nvmlDeviceGetCount_v2", "nvmlDeviceGetHandleByIndex_v2"}) {
    CAPTURE(function);
    ::setenv("FAKE_NVML_UNSUPPORTED", function, 1);
    std::string why;
    CHECK(open_nvml(LLMOPS_FAKE_NVML, why) == nullptr);
    CHECK(why == "the NVIDIA driver knows of no card");
    ::unsetenv("FAKE_NVML_UNSUPPORTED");
  }
}

TEST_CASE("gpu: several loads as one") {
  GpuFacts a, b;
  a.energy_j = 10;
  b.energy_j = 20;
  a.power_w = 100;
  b.power_w = 300;
  b.sm_mhz = 1500;
  a.temperature_c_most = 60;
  b.temperature_c_most = 50;
  const GpuFacts both = joined({a, b});
  CHECK(*both.energy_j == 30);
  CHECK(*both.power_w == 200);
  CHECK(*both.sm_mhz == 1500);
  CHECK(*both.temperature_c_most == 60);
  CHECK_FALSE(both.busy_percent);
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
