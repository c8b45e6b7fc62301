#include "evaluators/telemetry/host.h"

#include <doctest/doctest.h>

#include "tests/support/reference.h"

using namespace llmops;

TEST_CASE("host: shares from counters, energy over the wrap, memory at its most") {
  const test::TemporaryFolder folder;
  folder.write("proc/stat", "cpu  100 0 50 850 0 0 0 0 0 0\ncpu0 1 1 1 1\n");
  folder.write("proc/meminfo", "MemTotal:  1000 kB\nMemFree: 1 kB\nMemAvailable:  600 kB\n");
  folder.write("sys/class/powercap/intel-rapl:0/energy_uj", "9000000\n");
  folder.write("sys/class/powercap/intel-rapl:0/max_energy_range_uj", "10000000\n");
  folder.write("sys/class/powercap/intel-rapl:0:0/energy_uj", "1\n");  // a part of the package
  HostTelemetry host(folder.path());
  host.sample(0);
  folder.write("proc/stat", "cpu  190 0 60 950 0 0 0 0 0 0\n");  // half busy
  folder.write("proc/meminfo", "MemTotal:  1000 kB\nMemAvailable:  300 kB\n");
  folder.write("sys/class/powercap/intel-rapl:0/energy_uj", "2000000\n");  // 3 J on, around the end
  host.sample(1);
  folder.write("proc/stat", "cpu  190 0 60 1050 0 0 0 0 0 0\n");  // idle
  host.sample(2);
  const HostFacts facts = host_facts(host);
  CHECK(*facts.cpu_share == doctest::Approx(1.0 / 3));
  CHECK(*facts.cpu_share_most == doctest::Approx(0.5));
  CHECK(*facts.used_bytes_most == 700 * 1024);
  CHECK(*facts.energy_j == doctest::Approx(3));
}

TEST_CASE("host: what is not there is blank") {
  const test::TemporaryFolder folder;
  HostTelemetry host(folder.path());
  CHECK_FALSE(host_facts(host).cpu_share);
  host.sample(0);
  host.sample(1);
  const HostFacts facts = host_facts(host);
  CHECK_FALSE(facts.cpu_share);
  CHECK_FALSE(facts.used_bytes_most);
  CHECK_FALSE(facts.energy_j);
}
