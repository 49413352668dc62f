#ifdef __x86_64__
#include "encoder_kernels.h"
#include <string.h>

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx2,fma"))), apply_to = function)
#define W 16
#define QUERIES 6
#define HAS_FMA
#define NAME(x) avx512_##x
#define KERNELS "avx512"
#include "kernels_body.h"
#pragma clang attribute pop
#endif
