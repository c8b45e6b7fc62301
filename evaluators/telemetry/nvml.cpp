// NVIDIA's management library, by its documented C interface (NVML API reference).
#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "evaluators/telemetry/gpu.h"

namespace llmops {
namespace {

using Device = void*;
constexpr int kOk = 0;
constexpr int kInsufficientSize = 7;
constexpr unsigned kClockSm = 1, kClockMemory = 2;
constexpr unsigned kPolicyPower = 0, kPolicyThermal = 1;
constexpr unsigned kUncorrected = 1, kVolatile = 0;

struct Memory {
  unsigned long long total, free, used;
};
struct Utilization {
  unsigned gpu, memory;
};
struct Violation {
  unsigned long long reference, violation;  // ns
};
struct ProcessInfo {
  unsigned pid;
  unsigned long long used_bytes;
  unsigned gpu_instance, compute_instance;
};
struct ProcessUse {
  unsigned pid;
  unsigned long long at_us;
  unsigned sm_percent, memory_percent, encoder_percent, decoder_percent;
};
constexpr unsigned long long kNotTold = ~0ULL;
constexpr unsigned kMostProcesses = 128;

// Hopper's performance monitor: a metric is what happened between two of its samples.
using GpmSample = void*;
constexpr unsigned kSmOccupancy = 3, kDramBusy = 10;
struct GpmSupport {
  unsigned version, supported;
};
struct GpmMetric {
  unsigned id;
  int result;
  double value;
  const char* texts[3];
};
struct GpmMetrics {
  unsigned version, count;
  GpmSample before, after;
  GpmMetric metrics[400];  // newer libraries know of more; all look at `count`
};

// A loaded library; calls that it lacks stay null.
class Library {
 public:
  explicit Library(const std::string& file)
      : handle_(::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL)) {}
  ~Library() {
    if (handle_ != nullptr) ::dlclose(handle_);
  }
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;
  explicit operator bool() const { return handle_ != nullptr; }

  template <class Function>
  Function* find(const char* name, const char* older = nullptr) const {
    void* found = ::dlsym(handle_, name);
    if (found == nullptr && older != nullptr) found = ::dlsym(handle_, older);
    Function* function = nullptr;
    std::memcpy(&function, &found, sizeof function);
    return function;
  }

 private:
  void* handle_;
};

class Nvml final : public GpuTelemetry {
 public:
  explicit Nvml(const std::string& file) : library_(file) {
    if (!library_) return;
    auto* init = library_.find<int()>("nvmlInit_v2", "nvmlInit");
    if (init == nullptr || init() != kOk) return;
    started_ = true;
    load();
    find_cards();
  }
  ~Nvml() override {
    if (!started_) return;
    for (const Gpm& each : gpm_)
      for (const GpmSample sample : {each.before, each.after})
        if (sample != nullptr) gpm_free_(sample);
    if (auto* end = library_.find<int()>("nvmlShutdown")) end();
  }
  bool loaded() const { return bool{library_}; }
  bool started() const { return started_; }

  void sample(double at_s) override {
    for (std::size_t i = 0; i < devices_.size(); ++i) {
      GpuSample sample = look_at(devices_[i], at_s);
      look_at_processes(devices_[i], use_seen_us_[i], sample);
      look_at_monitor(devices_[i], gpm_[i], sample);
      cards[i].samples.push_back(sample);
    }
  }

 private:
  struct Gpm {
    GpmSample before = nullptr, after = nullptr;
    bool begun = false;
  };

  void load() {
    power_ = library_.find<int(Device, unsigned*)>("nvmlDeviceGetPowerUsage");
    energy_ =
        library_.find<int(Device, unsigned long long*)>("nvmlDeviceGetTotalEnergyConsumption");
    clock_ = library_.find<int(Device, unsigned, unsigned*)>("nvmlDeviceGetClockInfo");
    reasons_ = library_.find<int(Device, unsigned long long*)>(
        "nvmlDeviceGetCurrentClocksEventReasons", "nvmlDeviceGetCurrentClocksThrottleReasons");
    violation_ = library_.find<int(Device, unsigned, Violation*)>("nvmlDeviceGetViolationStatus");
    memory_ = library_.find<int(Device, Memory*)>("nvmlDeviceGetMemoryInfo");
    utilization_ = library_.find<int(Device, Utilization*)>("nvmlDeviceGetUtilizationRates");
    temperature_ = library_.find<int(Device, unsigned, unsigned*)>("nvmlDeviceGetTemperature");
    ecc_ = library_.find<int(Device, unsigned, unsigned, unsigned long long*)>(
        "nvmlDeviceGetTotalEccErrors");
    processes_ = library_.find<int(Device, unsigned*, ProcessInfo*)>(
        "nvmlDeviceGetComputeRunningProcesses_v3", "nvmlDeviceGetComputeRunningProcesses_v2");
    use_ = library_.find<int(Device, ProcessUse*, unsigned*, unsigned long long)>(
        "nvmlDeviceGetProcessUtilization");
    remapped_ = library_.find<int(Device, unsigned*, unsigned*, unsigned*, unsigned*)>(
        "nvmlDeviceGetRemappedRows");
    gpm_alloc_ = library_.find<int(GpmSample*)>("nvmlGpmSampleAlloc");
    gpm_free_ = library_.find<int(GpmSample)>("nvmlGpmSampleFree");
    gpm_sample_ = library_.find<int(Device, GpmSample)>("nvmlGpmSampleGet");
    gpm_metrics_ = library_.find<int(GpmMetrics*)>("nvmlGpmMetricsGet");
  }

  void find_cards() {
    std::array<char, 96> text{};
    if (auto* version = library_.find<int(char*, unsigned)>("nvmlSystemGetDriverVersion"))
      if (version(text.data(), text.size()) == kOk) driver = text.data();
    auto* count = library_.find<int(unsigned*)>("nvmlDeviceGetCount_v2");
    auto* handle = library_.find<int(unsigned, Device*)>("nvmlDeviceGetHandleByIndex_v2");
    unsigned n = 0;
    if (count == nullptr || handle == nullptr || count(&n) != kOk) return;
    for (unsigned i = 0; i < n; ++i) {
      Device device = nullptr;
      if (handle(i, &device) != kOk) continue;
      devices_.push_back(device);
      cards.push_back(identify(device));
      use_seen_us_.push_back(0);
      gpm_.push_back(monitor_of(device, cards.back()));
    }
  }

  // Parts of a card (MIG) are left alone: drivers are known to lose their memory figures by it.
  Gpm monitor_of(Device device, const GpuCard& card) const {
    Gpm gpm;
    auto* support = library_.find<int(Device, GpmSupport*)>("nvmlGpmQueryDeviceSupport");
    GpmSupport told{.version = 1, .supported = 0};
    if (card.partitioned.value_or(false) || support == nullptr || gpm_alloc_ == nullptr ||
        gpm_free_ == nullptr || gpm_sample_ == nullptr || gpm_metrics_ == nullptr ||
        support(device, &told) != kOk || told.supported == 0)
      return gpm;
    if (gpm_alloc_(&gpm.before) != kOk) gpm.before = nullptr;
    if (gpm_alloc_(&gpm.after) != kOk) gpm.after = nullptr;
    return gpm;
  }

  GpuCard identify(Device device) {
    GpuCard card;
    std::array<char, 96> text{};
    if (auto* name = library_.find<int(Device, char*, unsigned)>("nvmlDeviceGetName"))
      if (name(device, text.data(), text.size()) == kOk) card.name = text.data();
    if (auto* uuid = library_.find<int(Device, char*, unsigned)>("nvmlDeviceGetUUID"))
      if (uuid(device, text.data(), text.size()) == kOk) card.uuid = text.data();
    unsigned value = 0;
    if (auto* limit = library_.find<int(Device, unsigned*)>("nvmlDeviceGetEnforcedPowerLimit"))
      if (limit(device, &value) == kOk) card.power_limit_w = value / 1e3;
    if (auto* most = library_.find<int(Device, unsigned, unsigned*)>("nvmlDeviceGetMaxClockInfo"))
      if (most(device, kClockSm, &value) == kOk) card.sm_mhz_most = value;
    Memory memory{};
    if (memory_ != nullptr && memory_(device, &memory) == kOk)
      card.total_bytes = static_cast<double>(memory.total);
    unsigned pending = 0;
    if (auto* mig = library_.find<int(Device, unsigned*, unsigned*)>("nvmlDeviceGetMigMode"))
      if (mig(device, &value, &pending) == kOk) card.partitioned = value != 0;
    if (auto* persistence = library_.find<int(Device, unsigned*)>("nvmlDeviceGetPersistenceMode"))
      if (persistence(device, &value) == kOk) card.persistent = value != 0;
    return card;
  }

  GpuSample look_at(Device device, double at_s) const {
    GpuSample sample{.at_s = at_s};
    unsigned value = 0;
    unsigned long long wide = 0;
    if (power_ != nullptr && power_(device, &value) == kOk) sample.power_w = value / 1e3;
    if (energy_ != nullptr && energy_(device, &wide) == kOk)
      sample.energy_j = static_cast<double>(wide) / 1e3;
    if (clock_ != nullptr && clock_(device, kClockSm, &value) == kOk) sample.sm_mhz = value;
    if (clock_ != nullptr && clock_(device, kClockMemory, &value) == kOk) sample.memory_mhz = value;
    if (reasons_ != nullptr && reasons_(device, &wide) == kOk) sample.throttle = wide;
    Violation violation{};
    if (violation_ != nullptr && violation_(device, kPolicyPower, &violation) == kOk)
      sample.power_violation_s = static_cast<double>(violation.violation) / 1e9;
    if (violation_ != nullptr && violation_(device, kPolicyThermal, &violation) == kOk)
      sample.thermal_violation_s = static_cast<double>(violation.violation) / 1e9;
    Memory memory{};
    if (memory_ != nullptr && memory_(device, &memory) == kOk)
      sample.used_bytes = static_cast<double>(memory.used);
    Utilization busy{};
    if (utilization_ != nullptr && utilization_(device, &busy) == kOk)
      sample.busy_percent = busy.gpu;
    if (temperature_ != nullptr && temperature_(device, 0, &value) == kOk)
      sample.temperature_c = value;
    if (ecc_ != nullptr && ecc_(device, kUncorrected, kVolatile, &wide) == kOk)
      sample.ecc_errors = static_cast<std::int64_t>(wide);
    unsigned correctable = 0, uncorrectable = 0, pending = 0, failed = 0;
    if (remapped_ != nullptr &&
        remapped_(device, &correctable, &uncorrectable, &pending, &failed) == kOk)
      sample.remapped_rows = std::int64_t{correctable} + uncorrectable;
    return sample;
  }

  // `seen_us`: up to where this card's uses were read before.
  void look_at_processes(Device device, unsigned long long& seen_us, GpuSample& sample) const {
    std::array<ProcessInfo, kMostProcesses> running{};
    unsigned n = running.size();
    if (processes_ == nullptr) return;
    const int result = processes_(device, &n, running.data());
    if (result != kOk && result != kInsufficientSize) return;
    sample.processes = static_cast<int>(n);
    if (result != kOk || n == 0 || use_ == nullptr) return;
    const auto size = [](const ProcessInfo& each) {
      return each.used_bytes == kNotTold ? 0 : each.used_bytes;
    };
    const ProcessInfo* server = running.data();
    for (const ProcessInfo& each : running)
      if (size(each) > size(*server)) server = &each;
    // A process may stand there several times, once a moment.
    std::array<ProcessUse, kMostProcesses> uses{};
    unsigned told = uses.size();
    if (use_(device, uses.data(), &told, seen_us) != kOk) return;
    double foreign = 0, moments = 0;
    unsigned long long last = seen_us;
    for (unsigned i = 0; i < std::min<unsigned>(told, uses.size()); ++i) {
      last = std::max(last, uses[i].at_us);
      if (uses[i].pid == server->pid)
        ++moments;
      else
        foreign += std::min(uses[i].sm_percent, 100U) / 100.0;
    }
    seen_us = last;
    if (told > 0) sample.foreign_share = std::min(1.0, foreign / std::max(1.0, moments));
  }

  void look_at_monitor(Device device, Gpm& gpm, GpuSample& sample) const {
    if (gpm.before == nullptr || gpm.after == nullptr) return;
    if (gpm_sample_(device, gpm.after) != kOk) return;
    if (gpm.begun) {
      static thread_local GpmMetrics asked;
      asked.version = 1;
      asked.count = 2;
      asked.before = gpm.before;
      asked.after = gpm.after;
      asked.metrics[0] = {.id = kSmOccupancy, .result = 1, .value = 0, .texts = {}};
      asked.metrics[1] = {.id = kDramBusy, .result = 1, .value = 0, .texts = {}};
      if (gpm_metrics_(&asked) == kOk) {
        if (asked.metrics[0].result == kOk) sample.sm_occupancy_percent = asked.metrics[0].value;
        if (asked.metrics[1].result == kOk) sample.dram_busy_percent = asked.metrics[1].value;
      }
    }
    gpm.begun = true;
    std::swap(gpm.before, gpm.after);
  }

  Library library_;
  bool started_ = false;
  std::vector<Device> devices_;
  std::vector<unsigned long long> use_seen_us_;  // a card each, as all below
  std::vector<Gpm> gpm_;
  int (*power_)(Device, unsigned*) = nullptr;
  int (*energy_)(Device, unsigned long long*) = nullptr;
  int (*clock_)(Device, unsigned, unsigned*) = nullptr;
  int (*reasons_)(Device, unsigned long long*) = nullptr;
  int (*violation_)(Device, unsigned, Violation*) = nullptr;
  int (*memory_)(Device, Memory*) = nullptr;
  int (*utilization_)(Device, Utilization*) = nullptr;
  int (*temperature_)(Device, unsigned, unsigned*) = nullptr;
  int (*ecc_)(Device, unsigned, unsigned, unsigned long long*) = nullptr;
  int (*processes_)(Device, unsigned*, ProcessInfo*) = nullptr;
  int (*use_)(Device, ProcessUse*, unsigned*, unsigned long long) = nullptr;
  int (*remapped_)(Device, unsigned*, unsigned*, unsigned*, unsigned*) = nullptr;
  int (*gpm_alloc_)(GpmSample*) = nullptr;
  int (*gpm_free_)(GpmSample) = nullptr;
  int (*gpm_sample_)(Device, GpmSample) = nullptr;
  int (*gpm_metrics_)(GpmMetrics*) = nullptr;
};

}  // namespace

std::unique_ptr<GpuTelemetry> open_nvml(const std::string& library, std::string& why_none) {
  auto nvml = std::make_unique<Nvml>(library);
  if (!nvml->loaded())
    why_none = "no NVIDIA driver (" + library + " is not there)";
  else if (!nvml->started())
    why_none = "the NVIDIA driver does not answer";
  else if (nvml->cards.empty())
    why_none = "the NVIDIA driver knows of no card";
  else
    return nvml;
  return nullptr;
}

}  // namespace llmops
