// The parts of a transformer encoder between its products of matrices: attention, LayerNorm, quantisation, pooling.
//
// In C, because Swift compiles a function for one instruction set only and these are compiled for several from one
// text (kernels_body.h): which of them the processor has is known at run time. All matrices are row-major, all sizes
// count elements, nothing is allocated, and nothing is written outside what the caller names.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#if __has_feature(nullability)
#pragma clang assume_nonnull begin
#endif

/// A bfloat16, by its bits: the upper half of a float's.
typedef uint16_t ek_bf16;

/// What follows the first linear layer of the feed-forward network.
typedef enum { ek_gelu_erf, ek_gelu_tanh, ek_relu } ek_activation;

/// Which instructions the kernels are compiled for.
typedef struct {
    /// For people: "avx512+bf16", "avx512", "avx2", "neon", "sse2".
    const char *name;

    /// Scratch that attention over a sequence of `length` with heads of `width` needs, in bytes; 64-byte aligned.
    int64_t (*attention_scratch)(int64_t length, int64_t width);

    /// softmax(QKᵀ)·V of one sequence, head by head. A row of `qkv` is q, k and v of all heads, one after the other, q
    /// already divided by √width; `out` gets heads × width elements a row.
    void (*attention_f32)(const float *qkv, int64_t length, int64_t heads, int64_t width, float *out, void *scratch);

    /// The same with operands in bfloat16 and sums in float. Null where the processor has no instructions for it.
    void (*_Nullable attention_bf16)(
        const ek_bf16 *qkv, int64_t length, int64_t heads, int64_t width, ek_bf16 *out, void *scratch);

    /// LayerNorm of each row of `x` in place; where `copy` is given, the result in bfloat16 as well.
    void (*layer_norm)(
        float *x, int64_t rows, int64_t columns, const float *weight, const float *bias, float epsilon,
        ek_bf16 *_Nullable copy);

    /// Rows as signed bytes: `out` is x · factor / scale rounded, with a factor a column and a `scale` a row such that
    /// the largest of the row is 127.
    void (*quantize)(
        const float *x, int64_t rows, int64_t columns, const float *factor, int8_t *out, float *scale);

    /// x += sum · weight scale of its column · scale of its row + bias.
    void (*dequantize_add)(
        float *x, const int32_t *sums, int64_t rows, int64_t columns, const float *weight_scale,
        const float *row_scale, const float *bias);

    /// The same, written instead of added; into `out16` in bfloat16 where that is given, else into `out`.
    void (*dequantize)(
        float *_Nullable out, ek_bf16 *_Nullable out16, const int32_t *sums, int64_t rows, int64_t columns,
        const float *weight_scale, const float *row_scale, const float *bias);

    /// Dequantises, activates and quantises again, row by row, as unsigned bytes: `out` is (y · factor + offset) / scale
    /// rounded, with factor and offset a column, such that nothing is below zero, and a `scale` a row such that its
    /// largest is 255. `scratch` holds `columns` floats.
    void (*activate)(
        uint8_t *out, float *out_scale, const int32_t *sums, int64_t rows, int64_t columns, const float *weight_scale,
        const float *row_scale, const float *bias, ek_activation activation, const float *factor, const float *offset,
        float *scratch);

    /// out += the sum of the rows of `x`.
    void (*add_rows)(float *out, const float *x, int64_t rows, int64_t columns);

    /// out = the largest of out and the rows of `x`, column by column.
    void (*max_rows)(float *out, const float *x, int64_t rows, int64_t columns);

    /// bfloat16 to float.
    void (*widen)(float *out, const ek_bf16 *x, int64_t count);

    /// float to bfloat16, to nearest, ties to even.
    void (*narrow)(ek_bf16 *out, const float *x, int64_t count);
} ek_kernels;

/// The best kernels for this processor; `widest` caps the width of their vectors in bytes (0: no cap), for tests.
const ek_kernels *ek_kernels_for_this_processor(int64_t widest);

/// Whether products of bytes are faster here than others: VNNI.
bool ek_processor_multiplies_bytes(void);

#if __has_feature(nullability)
#pragma clang assume_nonnull end
#endif
