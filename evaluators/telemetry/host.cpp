#include "evaluators/telemetry/host.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>

#include "evaluators/telemetry/kernel_files.h"

namespace llmops {
namespace fs = std::filesystem;
namespace {

// "cpu  user nice system idle iowait irq softirq steal ...": waiting for a disk is idle.
void read_processor(const fs::path& file, HostSample& sample) {
  std::ifstream in(file);
  std::string line;
  if (!std::getline(in, line) || !line.starts_with("cpu ")) return;
  std::istringstream numbers(line.substr(4));
  double total = 0, idle = 0, ticks = 0;
  int column = 0;
  for (; column < 8 && numbers >> ticks; ++column) {
    total += ticks;
    if (column == 3 || column == 4) idle += ticks;
  }
  if (column < 4) return;
  sample.total_ticks = total;
  sample.busy_ticks = total - idle;
}

void read_memory(const fs::path& file, HostSample& sample) {
  std::ifstream in(file);
  std::optional<double> total, available;
  std::string name, rest;
  double kib = 0;
  while (in >> name >> kib) {
    std::getline(in, rest);
    if (name == "MemTotal:") total = kib * 1024;
    if (name == "MemAvailable:") available = kib * 1024;
  }
  sample.total_bytes = total;
  if (total && available) sample.used_bytes = *total - *available;
}

std::optional<double> share(const HostSample& before, const HostSample& after) {
  if (!before.total_ticks || !after.total_ticks || *after.total_ticks <= *before.total_ticks)
    return std::nullopt;
  return std::clamp(
      (*after.busy_ticks - *before.busy_ticks) / (*after.total_ticks - *before.total_ticks), 0.0,
      1.0);
}

}  // namespace

HostTelemetry::HostTelemetry(fs::path root) : root_(std::move(root)) {
  // `intel-rapl:0` is a package; `intel-rapl:0:0` a part of it, which the package counts already.
  std::error_code absent;
  for (const auto& entry : fs::directory_iterator(root_ / "sys/class/powercap", absent)) {
    const std::string name = entry.path().filename().string();
    if (std::ranges::count(name, ':') != 1 || !number_in(entry.path() / "energy_uj")) continue;
    packages_.push_back(entry.path());
  }
  std::ranges::sort(packages_);
  for (const fs::path& package : packages_)
    ranges_.push_back(number_in(package / "max_energy_range_uj").value_or(0));
}

void HostTelemetry::sample(double at_s) {
  HostSample sample{.at_s = at_s};
  read_processor(root_ / "proc/stat", sample);
  read_memory(root_ / "proc/meminfo", sample);
  for (const fs::path& package : packages_)
    sample.energy_uj.push_back(number_in(package / "energy_uj").value_or(-1));
  samples_.push_back(std::move(sample));
}

HostFacts host_facts(const HostTelemetry& host) {
  HostFacts facts;
  const std::vector<HostSample>& samples = host.samples();
  if (samples.empty()) return facts;
  facts.cpu_share = share(samples.front(), samples.back());
  double energy = 0;
  bool whole = samples.size() > 1 && !host.packages_.empty();
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const HostSample& sample = samples[i];
    if (sample.total_bytes) facts.total_bytes = sample.total_bytes;
    if (sample.used_bytes)
      facts.used_bytes_most = std::max(facts.used_bytes_most.value_or(0), *sample.used_bytes);
    if (i == 0) continue;
    if (const auto busy = share(samples[i - 1], sample))
      facts.cpu_share_most = std::max(facts.cpu_share_most.value_or(0), *busy);
    for (std::size_t package = 0; package < sample.energy_uj.size(); ++package) {
      const double before = samples[i - 1].energy_uj[package], after = sample.energy_uj[package];
      const double grown = after < before ? after + host.ranges_[package] - before : after - before;
      whole = whole && before >= 0 && after >= 0 && grown >= 0;
      energy += grown;
    }
  }
  if (whole) facts.energy_j = energy / 1e6;
  return facts;
}

Value to_value(const HostFacts& facts) {
  Object out;
  const auto add = [&](const char* key, const std::optional<double>& value) {
    if (value) out.add(key, *value);
  };
  add("cpu_share", facts.cpu_share);
  add("cpu_share_most", facts.cpu_share_most);
  add("memory_used_bytes_most", facts.used_bytes_most);
  add("memory_total_bytes", facts.total_bytes);
  add("cpu_energy_j", facts.energy_j);
  return out;
}

}  // namespace llmops
