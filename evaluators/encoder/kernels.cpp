#include "evaluators/encoder/kernels.h"

namespace llmops {

extern const Kernels kAvx512;
extern const Kernels kAvx2;
extern const Kernels kBaseline;

KernelList all_kernels() {
  KernelList list;
#ifdef __x86_64__
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq"))
    list.items[list.count++] = &kAvx512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    list.items[list.count++] = &kAvx2;
#endif
  list.items[list.count++] = &kBaseline;
  return list;
}

const Kernels& kernels() {
  static const Kernels& best = *all_kernels().items[0];
  return best;
}

}  // namespace llmops
