// Compiled with the instruction set of its name (evaluators/CMakeLists.txt); empty elsewhere than
// on x86-64.
#include "evaluators/encoder/kernels.h"

#ifdef __x86_64__
#define LLMOPS_KERNELS kAvx512
#define LLMOPS_NAME "avx512"
#define LLMOPS_FLOATS 16
#define LLMOPS_ROWS 6
#define LLMOPS_VECTORS 4
#include "evaluators/encoder/kernels_body.inc"
#endif
