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
  CHECK(throttle_text(*facts.throttle) == "power cap");
  CHECK(*facts.throttled_share > 0);
  CHECK(*facts.throttled_share < 1);
  CHECK_FALSE(facts.sm_mhz_free);  // whenever it had work it was throttled
  CHECK(*facts.ecc_errors == 2);
  CHECK(*facts.remapped_rows == 1);
  CHECK(*facts.processes == 2);
  CHECK(*facts.foreign_share == doctest::Approx(0.3));
  CHECK(*facts.sm_occupancy_percent == 50);
  CHECK(*facts.dram_busy_percent == 10);
  CHECK(*gpu->cards[0].persistent);
}

TEST_CASE("gpu: what is not supported is blank, the rest stays") {
  CHECK(*facts_without("nvmlDeviceGetTotalEnergyConsumption").energy_j ==
        doctest::Approx(800));  // mean power over two seconds
  CHECK_FALSE(facts_without("nvmlDeviceGetPowerUsage").power_w);
  CHECK_FALSE(facts_without("nvmlDeviceGetClockInfo").sm_mhz);
  CHECK_FALSE(facts_without("nvmlDeviceGetCurrentClocksEventReasons").throttle);
  CHECK_FALSE(facts_without("nvmlDeviceGetViolationStatus").power_violation_s);
  CHECK_FALSE(facts_without("nvmlDeviceGetMemoryInfo").used_bytes_most);
  CHECK_FALSE(facts_without("nvmlDeviceGetUtilizationRates").busy_percent);
  CHECK_FALSE(facts_without("nvmlDeviceGetTemperature").temperature_c_most);
  CHECK_FALSE(facts_without("nvmlDeviceGetTotalEccErrors").ecc_errors);
  CHECK_FALSE(facts_without("nvmlDeviceGetComputeRunningProcesses_v3").processes);
  CHECK(*facts_without("nvmlDeviceGetMigMode").power_w == 400);
}

// All that a look tells, as one text: what one missing call blanks is what differs.
TEST_CASE("gpu: each call in turn is not supported, and blanks its own column alone") {
  struct Row {
    const char* function;
    std::vector<std::string> blank;  // keys of the document
  };
  const Row rows[] = {
      {"nvmlSystemGetDriverVersion",              {}                                           },
      {"nvmlDeviceGetName",                       {}                                           },
      {"nvmlDeviceGetUUID",                       {}                                           },
      {"nvmlDeviceGetEnforcedPowerLimit",         {"power_limit_w"}                            },
      {"nvmlDeviceGetMaxClockInfo",               {"sm_mhz_limit"}                             },
      {"nvmlDeviceGetMigMode",                    {}                                           },
      {"nvmlDeviceGetPersistenceMode",            {"persistence_mode"}                         },
      {"nvmlDeviceGetPowerUsage",                 {"power_w"}                                  },
      {"nvmlDeviceGetTotalEnergyConsumption",     {}                                           },
      {"nvmlDeviceGetClockInfo",                  {"sm_mhz", "sm_mhz_least", "memory_mhz"}     },
      {"nvmlDeviceGetCurrentClocksEventReasons",  {"throttled", "throttled_share"}             },
      {"nvmlDeviceGetViolationStatus",            {"power_violation_s", "thermal_violation_s"} },
      {"nvmlDeviceGetMemoryInfo",                 {"memory_bytes", "memory_bytes_most"}        },
      {"nvmlDeviceGetUtilizationRates",           {"busy_percent"}                             },
      {"nvmlDeviceGetTemperature",                {"temperature_c_most"}                       },
      {"nvmlDeviceGetTotalEccErrors",             {"ecc_errors"}                               },
      {"nvmlDeviceGetRemappedRows",               {"remapped_rows"}                            },
      {"nvmlDeviceGetComputeRunningProcesses_v3", {"processes", "foreign_share"}               },
      {"nvmlDeviceGetProcessUtilization",         {"foreign_share"}                            },
      {"nvmlGpmQueryDeviceSupport",               {"sm_occupancy_percent", "dram_busy_percent"}},
      {"nvmlGpmSampleAlloc",                      {"sm_occupancy_percent", "dram_busy_percent"}},
      {"nvmlGpmSampleGet",                        {"sm_occupancy_percent", "dram_busy_percent"}},
      {"nvmlGpmMetricsGet",                       {"sm_occupancy_percent", "dram_busy_percent"}},
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

TEST_CASE("gpu: clocks count while there is work, and apart while nothing throttles") {
  GpuCard card;
  const auto look = [&](double mhz, std::uint64_t reasons) {
    GpuSample sample;
    sample.sm_mhz = mhz;
    sample.throttle = reasons;
    card.samples.push_back(sample);
  };
  look(200, kThrottleIdle);
  look(1500, 0);
  look(1500, 2);  // application clocks are no throttling
  look(900, kThrottlePower);
  const GpuFacts facts = gpu_facts(card);
  CHECK(*facts.sm_mhz == 1300);
  CHECK(*facts.sm_mhz_free == 1500);
  CHECK(*facts.throttled_share == 0.25);
  card.samples.resize(1);
  CHECK(*gpu_facts(card).sm_mhz == 200);  // idle throughout: that is what its clock was
  CHECK_FALSE(gpu_facts(card).sm_mhz_free);
}

TEST_CASE("gpu: a server that is alone has no foreign process, even where memory is not told") {
  ::setenv("FAKE_NVML_FOREIGN", "0", 1);
  const GpuFacts facts = facts_without("");
  ::unsetenv("FAKE_NVML_FOREIGN");
  CHECK(*facts.processes == 1);
  CHECK(*facts.foreign_share == 0);
}

namespace {

// `gpu_metrics` of the amdgpu driver: head, then 8 bytes at each place.
std::string table(int content, std::size_t size,
                  const std::vector<std::pair<std::size_t, std::uint64_t>>& values) {
  std::string bytes(size, '\0');
  bytes[0] = static_cast<char>(size);
  bytes[2] = 1;
  bytes[3] = static_cast<char>(content);
  for (const auto& [at, value] : values)
    for (std::size_t i = 0; i < 8; ++i) bytes[at + i] = static_cast<char>(value >> (8 * i) & 0xff);
  return bytes;
}

}  // namespace

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
  CHECK_FALSE(facts.energy_j);  // one look
  CHECK_FALSE(facts.throttle);
  gpu->sample(2);
  CHECK(*gpu_facts(gpu->cards[0]).energy_j == 600);  // mean power over the time
  CHECK(open_amd(folder.path() / "none", why) == nullptr);
}

TEST_CASE("gpu: AMD's energy by a sensor, else by the table; its throttlers in NVML's words") {
  const test::TemporaryFolder folder;
  folder.write("card0/device/vendor", "0x1002\n");
  folder.write("card0/device/hwmon/hwmon3/power1_input", "300000000\n");
  folder.write("card0/device/hwmon/hwmon3/freq1_input", "2100000000\n");
  folder.write("card0/device/hwmon/hwmon3/freq2_input", "1300000000\n");
  std::string why;
  // What two looks tell, with the table as it is at each of them.
  const auto facts_of = [&](const std::string& first, const std::string& second) {
    const auto gpu = open_amd(folder.path(), why);
    REQUIRE(gpu);
    folder.write("card0/device/gpu_metrics", first);
    gpu->sample(0);
    folder.write("card0/device/gpu_metrics", second);
    gpu->sample(2);
    return gpu_facts(gpu->cards[0]);
  };
  const std::uint64_t unit = 65536;  // a joule
  CHECK(*facts_of(table(4, 256,
                        {
                            {24, 100 * unit}
  }),
                  table(4, 256, {{24, 150 * unit}}))
             .energy_j == 50);
  CHECK(*facts_of(table(5, 256,
                        {
                            {88, 100 * unit}
  }),
                  table(5, 256, {{88, 170 * unit}}))
             .energy_j == 70);
  // Not told, too short, another shape: mean power over the time.
  const std::string silent = table(4, 256,
                                   {
                                       {24, ~std::uint64_t{0}}
  });
  CHECK(*facts_of(silent, silent).energy_j == 600);
  CHECK(*facts_of("\x02", table(4, 26, {})).energy_j == 600);
  CHECK(*facts_of(table(1, 120,
                        {
                            {24, 0}
  }),
                  table(1, 120, {{24, 99}}))
             .energy_j == 600);

  const GpuFacts hot = facts_of(table(3, 120,
                                      {
                                          {112, 0}
  }),
                                table(3, 120, {{112, 0x100000001}}));
  CHECK(throttle_text(*hot.throttle) == "power cap, thermal (hardware)");
  CHECK(*hot.throttled_share == 0.5);
  CHECK(*hot.sm_mhz == 2100);
  CHECK(*hot.memory_mhz == 1300);
  folder.write("card0/device/hwmon/hwmon3/energy1_input", "5000000\n");
  const auto gpu = open_amd(folder.path(), why);
  gpu->sample(0);
  folder.write("card0/device/hwmon/hwmon3/energy1_input", "9000000\n");
  gpu->sample(1);
  CHECK(*gpu_facts(gpu->cards[0]).energy_j == 4);
}
