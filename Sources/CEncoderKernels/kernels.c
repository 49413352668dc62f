#include "encoder_kernels.h"

extern const ek_kernels baseline_kernels;
#ifdef __x86_64__
extern const ek_kernels avx2_kernels, avx512_kernels, avx512_bf16_kernels;
#endif

const ek_kernels *ek_kernels_for_this_processor(int64_t widest) {
    if (widest <= 0) widest = 64;
#ifdef __x86_64__
    if (widest >= 64 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
        && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq"))
        return __builtin_cpu_supports("avx512bf16") ? &avx512_bf16_kernels : &avx512_kernels;
    if (widest >= 32 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return &avx2_kernels;
#endif
    return &baseline_kernels;
}

bool ek_processor_multiplies_bytes(void) {
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx512vnni");
#else
    // arm64 has such instructions, but oneDNN without Arm's own library has no product that uses them.
    return false;
#endif
}
