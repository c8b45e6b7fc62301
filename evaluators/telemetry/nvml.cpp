// NVIDIA's management library, by its documented C interface (NVML API reference).
#include <dlfcn.h>

#include <array>
#include <cstring>

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
    if (auto* end = library_.find<int()>("nvmlShutdown")) end();
  }
  bool loaded() const { return bool{library_}; }
  bool started() const { return started_; }

  void sample(double at_s) override {
    for (std::size_t i = 0; i < devices_.size(); ++i)
      cards[i].samples.push_back(look_at(devices_[i], at_s));
  }

 private:
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
    processes_ = library_.find<int(Device, unsigned*, void*)>(
        "nvmlDeviceGetComputeRunningProcesses_v3", "nvmlDeviceGetComputeRunningProcesses_v2");
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
    }
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
    unsigned n = 0;
    if (processes_ != nullptr) {
      const int result = processes_(device, &n, nullptr);
      if (result == kOk || result == kInsufficientSize) sample.processes = static_cast<int>(n);
    }
    return sample;
  }

  Library library_;
  bool started_ = false;
  std::vector<Device> devices_;
  int (*power_)(Device, unsigned*) = nullptr;
  int (*energy_)(Device, unsigned long long*) = nullptr;
  int (*clock_)(Device, unsigned, unsigned*) = nullptr;
  int (*reasons_)(Device, unsigned long long*) = nullptr;
  int (*violation_)(Device, unsigned, Violation*) = nullptr;
  int (*memory_)(Device, Memory*) = nullptr;
  int (*utilization_)(Device, Utilization*) = nullptr;
  int (*temperature_)(Device, unsigned, unsigned*) = nullptr;
  int (*ecc_)(Device, unsigned, unsigned, unsigned long long*) = nullptr;
  int (*processes_)(Device, unsigned*, void*) = nullptr;
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
