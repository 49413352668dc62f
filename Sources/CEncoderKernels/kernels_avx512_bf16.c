#ifdef __x86_64__
#include "encoder_kernels.h"
#include <immintrin.h>
#include <string.h>

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,avx2,fma"))), apply_to = function)
#define W 16
#define QUERIES 6
#define HAS_BF16
#define HAS_FMA
#define NAME(x) avx512_bf16_##x
#define KERNELS "avx512+bf16"
#include "kernels_body.h"
#pragma clang attribute pop
#endif
