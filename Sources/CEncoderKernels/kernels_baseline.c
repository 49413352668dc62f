// For every processor of the architecture: SSE2 on x86-64, NEON on arm64.
#include "encoder_kernels.h"
#include <string.h>

#define W 4
#define QUERIES 4
#define NAME(x) baseline_##x
#ifdef __aarch64__
#define KERNELS "neon"
#define HAS_FMA
#else
#define KERNELS "sse2"
#endif
#include "kernels_body.h"
