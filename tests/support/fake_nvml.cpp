// One card that warms up and throttles, as NVML's C interface tells it. The function that
// FAKE_NVML_UNSUPPORTED names answers "not supported"; FAKE_NVML_CARDS counts the cards. What a run
// is to find: FAKE_NVML_SM_MHZ (1500), FAKE_NVML_REASONS ("4 1": the throttle reasons, one a look,
// over and over) and FAKE_NVML_FOREIGN (30: percent of the card's time that another process takes;
// 0: there is none).
#include <cstdlib>
#include <cstring>

namespace {

constexpr int kOk = 0, kNotSupported = 3, kInsufficientSize = 7;
unsigned long long looks = 0, gpm_looks = 0;

int supported(const char* function) {
  const char* unsupported = std::getenv("FAKE_NVML_UNSUPPORTED");
  return unsupported != nullptr && std::strcmp(unsupported, function) == 0 ? kNotSupported : kOk;
}

struct Memory {
  unsigned long long total, free, used;
};
struct Utilization {
  unsigned gpu, memory;
};
struct Violation {
  unsigned long long reference, violation;
};
struct Process {
  unsigned pid;
  unsigned long long bytes;
  unsigned gpu_instance, compute_instance;
};
struct Use {
  unsigned pid;
  unsigned long long at_us;
  unsigned sm, memory, encoder, decoder;
};
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
  void *before, *after;
  GpmMetric metrics[1];  // `count` of them
};

unsigned number(const char* variable, unsigned otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : static_cast<unsigned>(std::atoi(text));
}

// The words of FAKE_NVML_REASONS in turn.
unsigned long long reason(unsigned long long look) {
  const char* text = std::getenv("FAKE_NVML_REASONS");
  unsigned long long all[16] = {4, 1};
  unsigned n = text == nullptr ? 2 : 0;
  for (char* end = nullptr; text != nullptr && n < 16; text = end) {
    const unsigned long long value = std::strtoull(text, &end, 0);
    if (end == text) break;
    all[n++] = value;
  }
  return n == 0 ? 0 : all[look % n];
}

int text(char* into, unsigned size, const char* value) {
  std::strncpy(into, value, size - 1);
  into[size - 1] = '\0';
  return kOk;
}

}  // namespace

extern "C" {

int nvmlInit_v2() { return supported("nvmlInit_v2"); }
int nvmlShutdown() { return kOk; }
int nvmlSystemGetDriverVersion(char* into, unsigned size) {
  const int result = supported("nvmlSystemGetDriverVersion");
  return result != kOk ? result : text(into, size, "555.55");
}
int nvmlDeviceGetCount_v2(unsigned* count) {
  const char* cards = std::getenv("FAKE_NVML_CARDS");
  *count = cards == nullptr ? 1 : static_cast<unsigned>(std::atoi(cards));
  return supported("nvmlDeviceGetCount_v2");
}
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void** device) {
  static int cards[16];
  *device = &cards[index % 16];
  return supported("nvmlDeviceGetHandleByIndex_v2");
}
int nvmlDeviceGetName(void*, char* into, unsigned size) {
  const int result = supported("nvmlDeviceGetName");
  return result != kOk ? result : text(into, size, "Fake H100");
}
int nvmlDeviceGetUUID(void*, char* into, unsigned size) {
  const int result = supported("nvmlDeviceGetUUID");
  return result != kOk ? result : text(into, size, "GPU-0");
}
int nvmlDeviceGetEnforcedPowerLimit(void*, unsigned* limit) {
  *limit = 700000;
  return supported("nvmlDeviceGetEnforcedPowerLimit");
}
int nvmlDeviceGetMaxClockInfo(void*, unsigned, unsigned* clock) {
  *clock = 1980;
  return supported("nvmlDeviceGetMaxClockInfo");
}
int nvmlDeviceGetMigMode(void*, unsigned* current, unsigned* pending) {
  *current = *pending = 0;
  return supported("nvmlDeviceGetMigMode");
}
int nvmlDeviceGetPowerUsage(void*, unsigned* milliwatts) {
  *milliwatts = 400000;
  return supported("nvmlDeviceGetPowerUsage");
}
int nvmlDeviceGetTotalEnergyConsumption(void*, unsigned long long* millijoules) {
  *millijoules = 1000000 + 40000 * looks++;
  return supported("nvmlDeviceGetTotalEnergyConsumption");
}
int nvmlDeviceGetClockInfo(void*, unsigned kind, unsigned* clock) {
  *clock = kind == 1 ? number("FAKE_NVML_SM_MHZ", 1500) : 2619;
  return supported("nvmlDeviceGetClockInfo");
}
int nvmlDeviceGetCurrentClocksEventReasons(void*, unsigned long long* reasons) {
  *reasons = reason(looks);
  return supported("nvmlDeviceGetCurrentClocksEventReasons");
}
int nvmlDeviceGetViolationStatus(void*, unsigned policy, Violation* violation) {
  violation->reference = 0;
  violation->violation = policy == 0 ? 500000000ULL * looks : 0;
  return supported("nvmlDeviceGetViolationStatus");
}
int nvmlDeviceGetMemoryInfo(void*, Memory* memory) {
  *memory = {80ULL << 30, 20ULL << 30, 60ULL << 30};
  return supported("nvmlDeviceGetMemoryInfo");
}
int nvmlDeviceGetUtilizationRates(void*, Utilization* busy) {
  *busy = {97, 40};
  return supported("nvmlDeviceGetUtilizationRates");
}
int nvmlDeviceGetTemperature(void*, unsigned, unsigned* celsius) {
  *celsius = 71;
  return supported("nvmlDeviceGetTemperature");
}
int nvmlDeviceGetTotalEccErrors(void*, unsigned, unsigned, unsigned long long* errors) {
  *errors = looks;
  return supported("nvmlDeviceGetTotalEccErrors");
}
int nvmlDeviceGetPersistenceMode(void*, unsigned* mode) {
  *mode = 1;
  return supported("nvmlDeviceGetPersistenceMode");
}
int nvmlDeviceGetRemappedRows(void*, unsigned* correctable, unsigned* uncorrectable,
                              unsigned* pending, unsigned* failed) {
  *correctable = 1 + static_cast<unsigned>(looks) / 2;
  *uncorrectable = *pending = *failed = 0;
  return supported("nvmlDeviceGetRemappedRows");
}
int nvmlDeviceGetComputeRunningProcesses_v3(void*, unsigned* count, Process* processes) {
  const unsigned there = number("FAKE_NVML_FOREIGN", 30) > 0 ? 2 : 1;
  const int result = supported("nvmlDeviceGetComputeRunningProcesses_v3");
  if (result != kOk) return result;
  const unsigned room = *count;
  *count = there;
  if (room < there || processes == nullptr) return kInsufficientSize;
  processes[0] = {4242, 1ULL << 30, ~0U, ~0U};
  if (there == 2) {
    processes[1] = processes[0];
    processes[0] = {77, 20ULL << 20, ~0U, ~0U};
  } else {
    processes[0].bytes = ~0ULL;  // not told, as in a container
  }
  return kOk;
}
// Two moments a look.
int nvmlDeviceGetProcessUtilization(void*, Use* uses, unsigned* count, unsigned long long seen) {
  const int result = supported("nvmlDeviceGetProcessUtilization");
  if (result != kOk) return result;
  const unsigned foreign = number("FAKE_NVML_FOREIGN", 30), there = foreign > 0 ? 4 : 2;
  if (*count < there) return kInsufficientSize;
  *count = there;
  for (unsigned i = 0; i < there; ++i)
    uses[i] = {i % 2 == 0 || foreign == 0 ? 4242U : 77U,
               seen + 1 + i / 2,
               i % 2 == 0 || foreign == 0 ? 60U : foreign,
               0,
               0,
               0};
  return kOk;
}

int nvmlGpmQueryDeviceSupport(void*, GpmSupport* support) {
  support->supported = 1;
  return supported("nvmlGpmQueryDeviceSupport");
}
int nvmlGpmSampleAlloc(void** sample) {
  *sample = new unsigned long long(0);
  return supported("nvmlGpmSampleAlloc");
}
int nvmlGpmSampleFree(void* sample) {
  delete static_cast<unsigned long long*>(sample);
  return kOk;
}
int nvmlGpmSampleGet(void*, void* sample) {
  *static_cast<unsigned long long*>(sample) = ++gpm_looks;
  return supported("nvmlGpmSampleGet");
}
// Half of the SMs' warps, and as many percent of the memory's bandwidth as samples lie between,
// times ten.
int nvmlGpmMetricsGet(GpmMetrics* asked) {
  const auto at = [](void* sample) { return *static_cast<unsigned long long*>(sample); };
  for (unsigned i = 0; i < asked->count; ++i) {
    GpmMetric& metric = asked->metrics[i];
    metric.result = metric.id == 3 || metric.id == 10 ? kOk : kNotSupported;
    metric.value =
        metric.id == 3 ? 50 : 10 * static_cast<double>(at(asked->after) - at(asked->before));
  }
  return supported("nvmlGpmMetricsGet");
}

}  // extern "C"
