#ifdef __x86_64__
#include "encoder_kernels.h"
#include <string.h>

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define W 8
#define QUERIES 4
#define HAS_FMA
#define NAME(x) avx2_##x
#define KERNELS "avx2"
#include "kernels_body.h"
#pragma clang attribute pop
#endif
