// Compiled with the instruction set of its name (evaluators/CMakeLists.txt); empty elsewhere than
// on x86-64.
#include "evaluators/encoder/kernels.h"

#ifdef __x86_64__
#define LLMOPS_KERNELS kAvx2
#define LLMOPS_NAME "avx2"
#define LLMOPS_FLOATS 8
#define LLMOPS_ROWS 6
#define LLMOPS_VECTORS 2
#include "evaluators/encoder/kernels_body.inc"
#endif
