// For any processor of the architecture that the program was built for.
#include "evaluators/encoder/kernels.h"

#define LLMOPS_KERNELS kBaseline
#define LLMOPS_NAME "baseline"
#define LLMOPS_FLOATS 4
#define LLMOPS_ROWS 4
#define LLMOPS_VECTORS 2
#include "evaluators/encoder/kernels_body.inc"
