// One card that warms up and throttles, as NVML's C interface tells it. The function that
// FAKE_NVML_UNSUPPORTED names answers "not supported"; FAKE_NVML_CARDS counts the cards.
#include <cstdlib>
#include <cstring>

namespace {

constexpr int kOk = 0, kNotSupported = 3, kInsufficientSize = 7;
unsigned long long looks = 0;

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
  *clock = kind == 1 ? 1500 : 2619;
  return supported("nvmlDeviceGetClockInfo");
}
int nvmlDeviceGetCurrentClocksEventReasons(void*, unsigned long long* reasons) {
  *reasons = looks % 2 == 0 ? 0x4 : 0x1;
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
int nvmlDeviceGetComputeRunningProcesses_v3(void*, unsigned* count, void*) {
  *count = 2;
  const int result = supported("nvmlDeviceGetComputeRunningProcesses_v3");
  return result != kOk ? result : kInsufficientSize;
}

}  // extern "C"
