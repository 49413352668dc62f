// The kernels, for vectors of W floats. Included once for each instruction set, with W, NAME(x), QUERIES (rows of
// queries that attention takes at once) and, where there are instructions for them, HAS_FMA and HAS_BF16 defined.
//
// Everything is static: the table at the end is the only thing that others see.

typedef float vf __attribute__((vector_size(4 * W)));
typedef int32_t vi __attribute__((vector_size(4 * W)));
typedef uint32_t vu __attribute__((vector_size(4 * W)));
typedef uint16_t vh __attribute__((vector_size(2 * W)));
typedef int8_t vb __attribute__((vector_size(W)));
typedef uint8_t vub __attribute__((vector_size(W)));
typedef float vf_anywhere __attribute__((vector_size(4 * W), aligned(4)));
typedef int32_t vi_anywhere __attribute__((vector_size(4 * W), aligned(4)));
typedef uint16_t vh_anywhere __attribute__((vector_size(2 * W), aligned(2)));
typedef int8_t vb_anywhere __attribute__((vector_size(W), aligned(1)));
typedef uint8_t vub_anywhere __attribute__((vector_size(W), aligned(1)));

#define INLINE static inline __attribute__((always_inline))

INLINE vf splat(float x) { return x - (vf){}; }
INLINE vf load(const float *p) { return *(const vf_anywhere *)p; }
INLINE void store(float *p, vf v) { *(vf_anywhere *)p = v; }
#ifdef HAS_FMA
INLINE vf fma_(vf a, vf b, vf c) { return __builtin_elementwise_fma(a, b, c); }
#else
INLINE vf fma_(vf a, vf b, vf c) { return a * b + c; } // else a call of libm's for each element
#endif
INLINE vf max_(vf a, vf b) { return __builtin_elementwise_max(a, b); }
INLINE vf min_(vf a, vf b) { return __builtin_elementwise_min(a, b); }
INLINE vf abs_(vf a) { return __builtin_elementwise_abs(a); }
INLINE int64_t full(int64_t n) { return n - n % W; }

// The last n < W elements: the lanes behind them are `fill`, and are not stored.
INLINE vf load_part(const float *p, int64_t n, float fill) {
    vf v = splat(fill);
    for (int64_t i = 0; i < n; i++) v[i] = p[i];
    return v;
}
INLINE void store_part(float *p, vf v, int64_t n) {
    for (int64_t i = 0; i < n; i++) p[i] = v[i];
}

INLINE float sum_of(vf v) {
    float lanes[W];
    store(lanes, v);
    for (int n = W / 2; n > 0; n /= 2)
        for (int i = 0; i < n; i++) lanes[i] += lanes[i + n];
    return lanes[0];
}
INLINE float max_of(vf v) { return __builtin_reduce_max(v); }

// To bfloat16, to nearest, ties to even. What overflowed stays no number of one kind or another, and is found at the end.
INLINE vh narrowed(vf v) {
#ifdef HAS_BF16
    return (vh)_mm512_cvtneps_pbh((__m512)v);
#else
    vu bits = (vu)v;
    bits += 0x7fff + ((bits >> 16) & 1);
    return __builtin_convertvector(bits >> 16, vh);
#endif
}
INLINE vf widened(vh v) { return (vf)(__builtin_convertvector(v, vu) << 16); }
INLINE ek_bf16 narrowed_one(float x) {
    uint32_t bits;
    memcpy(&bits, &x, 4);
    return (ek_bf16)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

// e^x for x ≤ 88, within 2 units in the last place: 2^n · e^f with |f| ≤ ln 2 / 2 and the series of e^f to degree 6.
INLINE vf exp_(vf x) {
    x = max_(x, splat(-87.0f));
    const vf shift = splat(12582912.0f); // 1.5 · 2^23: adding it rounds to an integer
    vf n = fma_(x, splat(1.44269504f), shift) - shift;
    vf f = fma_(n, splat(-0.693359375f), x);
    f = fma_(n, splat(2.12194440e-4f), f);
    vf p = splat(1.0f / 720);
    p = fma_(p, f, splat(1.0f / 120));
    p = fma_(p, f, splat(1.0f / 24));
    p = fma_(p, f, splat(1.0f / 6));
    p = fma_(p, f, splat(0.5f));
    p = fma_(p, f, splat(1.0f));
    p = fma_(p, f, splat(1.0f));
    return (vf)((vi)p + (__builtin_convertvector(n, vi) << 23));
}

// erf by Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26: within 1.5e-7.
INLINE vf erf_(vf x) {
    vf a = abs_(x);
    vf t = 1.0f / fma_(a, splat(0.3275911f), splat(1.0f));
    vf p = splat(1.061405429f);
    p = fma_(p, t, splat(-1.453152027f));
    p = fma_(p, t, splat(1.421413741f));
    p = fma_(p, t, splat(-0.284496736f));
    p = fma_(p, t, splat(0.254829592f));
    vf y = 1.0f - p * t * exp_(-a * a);
    vi sign = (vi)x & (vi)splat(-0.0f);
    return (vf)((vi)y | sign);
}

INLINE vf activated(vf x, ek_activation activation) {
    switch (activation) {
    case ek_relu: return max_(x, splat(0));
    case ek_gelu_erf: return 0.5f * x * (1.0f + erf_(x * 0.70710678f));
    case ek_gelu_tanh: {
        // 0.5·x·(1 + tanh u) is x / (1 + e^(−2u)).
        vf u = 0.79788456f * fma_(0.044715f * x * x, x, x);
        return x / (1.0f + exp_(min_(-2.0f * u, splat(80.0f))));
    }
    }
}

// MARK: - Attention

// Rounded up to whole vectors.
INLINE int64_t padded(int64_t n) { return (n + W - 1) / W * W; }

static int64_t NAME(attention_scratch)(int64_t length, int64_t width) {
    // Keys across, values along, and a block's scores and weights: 4 bytes an element at most.
    return 4 * (padded(length) * width + (length + 1) * padded(width) + 2 * QUERIES * (padded(length) + W)) + 512;
}

// acc[q][j] += Σ over `depth` of left[q][depth] · right[depth][j], with right's rows `stride` apart. Constant `columns`,
// counted in vectors, lets the sums stay in registers.
#define ACCUMULATE(suffix, element, DOT)                                                                               \
    INLINE void NAME(accumulate_##suffix)(                                                                             \
        const element *const left[QUERIES], const element *right, int64_t depth, int64_t stride, const int columns,    \
        vf acc[QUERIES][4]) {                                                                                          \
        vf sums[QUERIES][4];                                                                                           \
        _Pragma("unroll") for (int q = 0; q < QUERIES; q++)                                                            \
            _Pragma("unroll") for (int c = 0; c < columns; c++) sums[q][c] = splat(0);                                 \
        for (int64_t k = 0; k < depth; k++) {                                                                          \
            vf row[4];                                                                                                 \
            _Pragma("unroll") for (int c = 0; c < columns; c++)                                                        \
                row[c] = load((const float *)(right + k * stride + c * W));                                            \
            _Pragma("unroll") for (int q = 0; q < QUERIES; q++) {                                                      \
                vf one = splat(*(const float *)(left[q] + k));                                                         \
                _Pragma("unroll") for (int c = 0; c < columns; c++) sums[q][c] = DOT(row[c], one, sums[q][c]);         \
            }                                                                                                          \
        }                                                                                                              \
        _Pragma("unroll") for (int q = 0; q < QUERIES; q++)                                                            \
            _Pragma("unroll") for (int c = 0; c < columns; c++) acc[q][c] = sums[q][c];                                \
    }

ACCUMULATE(f32, float, fma_)

#ifdef HAS_BF16
// Two bfloat16 in each 32-bit lane: a product of pairs is one instruction.
typedef float pair; // by its bits only
INLINE vf dot_pairs(vf a, vf b, vf c) { return (vf)_mm512_dpbf16_ps((__m512)c, (__m512bh)a, (__m512bh)b); }
ACCUMULATE(bf16, pair, dot_pairs)
#endif

// The scores of a block of queries, and e to their power over the sum: `weights` are not divided yet, `scale` does it.
#define SCORES(suffix, element)                                                                                        \
    INLINE void NAME(scores_##suffix)(                                                                                 \
        const element *const queries[QUERIES], const element *keys, int64_t depth, int64_t length, float *scores,      \
        float scale[QUERIES]) {                                                                                        \
        const int64_t stride = padded(length);                                                                         \
        vf acc[QUERIES][4];                                                                                            \
        int64_t j = 0;                                                                                                 \
        for (; j + 4 * W <= stride; j += 4 * W) {                                                                      \
            NAME(accumulate_##suffix)(queries, keys + j, depth, stride, 4, acc);                                       \
            _Pragma("unroll") for (int q = 0; q < QUERIES; q++)                                                        \
                _Pragma("unroll") for (int c = 0; c < 4; c++) store(scores + q * stride + j + c * W, acc[q][c]);       \
        }                                                                                                              \
        for (; j + 2 * W <= stride; j += 2 * W) {                                                                      \
            NAME(accumulate_##suffix)(queries, keys + j, depth, stride, 2, acc);                                       \
            _Pragma("unroll") for (int q = 0; q < QUERIES; q++)                                                        \
                _Pragma("unroll") for (int c = 0; c < 2; c++) store(scores + q * stride + j + c * W, acc[q][c]);       \
        }                                                                                                              \
        for (; j < stride; j += W) {                                                                                   \
            NAME(accumulate_##suffix)(queries, keys + j, depth, stride, 1, acc);                                       \
            _Pragma("unroll") for (int q = 0; q < QUERIES; q++) store(scores + q * stride + j, acc[q][0]);             \
        }                                                                                                              \
        for (int q = 0; q < QUERIES; q++) scale[q] = NAME(exponentials)(scores + q * stride, length);                  \
    }

// e^(x − largest) for each of `length` scores, zero behind them to the end of the vector; one over their sum.
INLINE float NAME(exponentials)(float *scores, int64_t length) {
    const int64_t whole = full(length), rest = length - whole;
    vf most = rest > 0 ? load_part(scores + whole, rest, -__builtin_inff()) : splat(-__builtin_inff());
    for (int64_t j = 0; j < whole; j += W) most = max_(most, load(scores + j));
    const vf largest = splat(max_of(most));
    vf total = splat(0);
    for (int64_t j = 0; j < whole; j += W) {
        vf e = exp_(load(scores + j) - largest);
        store(scores + j, e);
        total += e;
    }
    if (rest > 0) {
        vf e = exp_(load(scores + whole) - largest);
        for (int64_t i = rest; i < W; i++) e[i] = 0;
        store(scores + whole, e);
        total += e;
    }
    return 1.0f / sum_of(total);
}

SCORES(f32, float)

INLINE void *carved(char **scratch, int64_t bytes) {
    void *at = *scratch;
    *scratch += (bytes + 63) / 64 * 64;
    return at;
}

static void NAME(attention_f32)(
    const float *qkv, int64_t length, int64_t heads, int64_t width, float *out, void *scratch) {
    const int64_t hidden = heads * width, row = 3 * hidden, across = padded(length), along = padded(width);
    char *rest = scratch;
    float *keys = carved(&rest, 4 * across * width), *values = carved(&rest, 4 * length * along);
    float *scores = carved(&rest, 4 * QUERIES * across);

    for (int64_t head = 0; head < heads; head++) {
        const float *q = qkv + head * width, *k = q + hidden, *v = k + hidden;
        for (int64_t d = 0; d < width; d++)
            for (int64_t j = length; j < across; j++) keys[d * across + j] = 0;
        for (int64_t j = 0; j < length; j++) {
            for (int64_t d = 0; d < width; d++) keys[d * across + j] = k[j * row + d];
            for (int64_t d = 0; d < width; d++) values[j * along + d] = v[j * row + d];
            for (int64_t d = width; d < along; d++) values[j * along + d] = 0;
        }
        for (int64_t first = 0; first < length; first += QUERIES) {
            // Behind the last query its own row is taken again, and not stored.
            const int64_t count = length - first < QUERIES ? length - first : QUERIES;
            const float *queries[QUERIES], *weights[QUERIES];
            float scale[QUERIES];
            for (int i = 0; i < QUERIES; i++) {
                queries[i] = q + (first + (i < count ? i : count - 1)) * row;
                weights[i] = scores + i * across;
            }
            NAME(scores_f32)(queries, keys, width, length, scores, scale);
            for (int64_t d = 0; d < width; d += 2 * W) {
                vf acc[QUERIES][4];
                const int64_t columns = along - d > W ? 2 : 1;
                if (columns == 2)
                    NAME(accumulate_f32)(weights, values + d, length, along, 2, acc);
                else
                    NAME(accumulate_f32)(weights, values + d, length, along, 1, acc);
                for (int64_t i = 0; i < count; i++)
                    for (int64_t c = 0; c < columns; c++) {
                        const int64_t from = d + c * W, left = width - from;
                        float *to = out + (first + i) * hidden + head * width + from;
                        if (left >= W)
                            store(to, acc[i][c] * scale[i]);
                        else
                            store_part(to, acc[i][c] * scale[i], left);
                    }
            }
        }
    }
}

#ifdef HAS_BF16
SCORES(bf16, pair)

static void NAME(attention_bf16)(
    const ek_bf16 *qkv, int64_t length, int64_t heads, int64_t width, ek_bf16 *out, void *scratch) {
    const int64_t hidden = heads * width, row = 3 * hidden, across = padded(length), along = padded(width);
    const int64_t pairs = (length + 1) / 2;
    char *rest = scratch;
    uint32_t *keys = carved(&rest, 4 * across * (width / 2)), *values = carved(&rest, 4 * pairs * along);
    float *scores = carved(&rest, 4 * QUERIES * across);
    ek_bf16 *narrow = carved(&rest, 2 * QUERIES * (across + W));

    for (int64_t head = 0; head < heads; head++) {
        const ek_bf16 *q = qkv + head * width, *k = q + hidden, *v = k + hidden;
        // Keys: two neighbouring components of one key in a lane. Values: one component of two neighbouring rows.
        for (int64_t d = 0; d < width / 2; d++)
            for (int64_t j = length; j < across; j++) keys[d * across + j] = 0;
        for (int64_t j = 0; j < length; j++) {
            const ek_bf16 *key = k + j * row;
            for (int64_t d = 0; d < width / 2; d++) memcpy(&keys[d * across + j], key + 2 * d, 4);
        }
        for (int64_t j = 0; j < pairs; j++) {
            const ek_bf16 *one = v + 2 * j * row, *two = one + row;
            uint32_t *to = values + j * along;
            if (2 * j + 1 < length)
                for (int64_t d = 0; d < width; d++) to[d] = one[d] | (uint32_t)two[d] << 16;
            else
                for (int64_t d = 0; d < width; d++) to[d] = one[d];
            for (int64_t d = width; d < along; d++) to[d] = 0;
        }
        for (int64_t first = 0; first < length; first += QUERIES) {
            const int64_t count = length - first < QUERIES ? length - first : QUERIES;
            const pair *queries[QUERIES], *weights[QUERIES];
            float scale[QUERIES];
            for (int i = 0; i < QUERIES; i++) {
                queries[i] = (const pair *)(q + (first + (i < count ? i : count - 1)) * row);
                weights[i] = (const pair *)(narrow + i * (across + W));
            }
            NAME(scores_bf16)(queries, (const pair *)keys, width / 2, length, scores, scale);
            for (int i = 0; i < QUERIES; i++)
                for (int64_t j = 0; j < across; j += W)
                    *(vh_anywhere *)(narrow + i * (across + W) + j) = narrowed(load(scores + i * across + j));
            for (int64_t d = 0; d < width; d += 2 * W) {
                vf acc[QUERIES][4];
                const int64_t columns = along - d > W ? 2 : 1;
                const pair *from = (const pair *)values + d;
                if (columns == 2)
                    NAME(accumulate_bf16)(weights, from, pairs, along, 2, acc);
                else
                    NAME(accumulate_bf16)(weights, from, pairs, along, 1, acc);
                for (int64_t i = 0; i < count; i++)
                    for (int64_t c = 0; c < columns; c++) {
                        const int64_t at = d + c * W, left = width - at;
                        ek_bf16 *to = out + (first + i) * hidden + head * width + at;
                        vh result = narrowed(acc[i][c] * scale[i]);
                        if (left >= W)
                            *(vh_anywhere *)to = result;
                        else
                            for (int64_t e = 0; e < left; e++) to[e] = result[e];
                    }
            }
        }
    }
}
#endif

// MARK: - Rows

// Rounded to an integer, for the last columns of a row; zero for what is no number.
INLINE int32_t rounded_one(float x) { return x > -256 && x < 256 ? (int32_t)__builtin_rintf(x) : 0; }

static void NAME(layer_norm)(
    float *x, int64_t rows, int64_t columns, const float *weight, const float *bias, float epsilon,
    ek_bf16 *copy) {
    const int64_t whole = full(columns), rest = columns - whole;
    for (int64_t r = 0; r < rows; r++, x += columns) {
        vf sum = rest > 0 ? load_part(x + whole, rest, 0) : splat(0);
        for (int64_t i = 0; i < whole; i += W) sum += load(x + i);
        const float mean = sum_of(sum) / (float)columns;
        vf squares = splat(0);
        if (rest > 0) {
            vf d = load_part(x + whole, rest, mean) - mean;
            squares = d * d;
        }
        for (int64_t i = 0; i < whole; i += W) {
            vf d = load(x + i) - mean;
            squares = fma_(d, d, squares);
        }
        const float scale = 1.0f / __builtin_sqrtf(sum_of(squares) / (float)columns + epsilon);
        for (int64_t i = 0; i < whole; i += W) {
            vf y = fma_((load(x + i) - mean) * scale, load(weight + i), load(bias + i));
            store(x + i, y);
            if (copy) *(vh_anywhere *)(copy + r * columns + i) = narrowed(y);
        }
        for (int64_t i = whole; i < columns; i++) {
            x[i] = (x[i] - mean) * scale * weight[i] + bias[i];
            if (copy) copy[r * columns + i] = narrowed_one(x[i]);
        }
    }
}

static void NAME(quantize)(
    const float *x, int64_t rows, int64_t columns, const float *factor, int8_t *out, float *scale) {
    const int64_t whole = full(columns);
    const vf shift = splat(12582912.0f); // as in exp_
    for (int64_t r = 0; r < rows; r++, x += columns, out += columns) {
        vf most = splat(0);
        for (int64_t i = 0; i < whole; i += W) most = max_(most, abs_(load(x + i) * load(factor + i)));
        float largest = max_of(most);
        for (int64_t i = whole; i < columns; i++) {
            float y = __builtin_fabsf(x[i] * factor[i]);
            if (y > largest) largest = y;
        }
        // A row of zeros stays one, and so does one whose inverse would not be a number.
        const float inverse = largest > 1e-30f ? 127.0f / largest : 0;
        scale[r] = largest / 127.0f;
        for (int64_t i = 0; i < whole; i += W) {
            vi rounded = (vi)fma_(load(x + i) * load(factor + i), splat(inverse), shift) - (vi)shift;
            *(vb_anywhere *)(out + i) = __builtin_convertvector(rounded, vb);
        }
        for (int64_t i = whole; i < columns; i++) out[i] = (int8_t)rounded_one(x[i] * factor[i] * inverse);
    }
}

INLINE vf NAME(dequantized)(const int32_t *sums, const float *weight_scale, float row_scale, const float *bias) {
    vf sum = __builtin_convertvector((vi) * (const vi_anywhere *)sums, vf);
    return fma_(sum * row_scale, load(weight_scale), load(bias));
}

static void NAME(dequantize_add)(
    float *x, const int32_t *sums, int64_t rows, int64_t columns, const float *weight_scale, const float *row_scale,
    const float *bias) {
    for (int64_t r = 0; r < rows; r++, x += columns, sums += columns) {
        int64_t i = 0;
        for (; i + W <= columns; i += W)
            store(x + i, load(x + i) + NAME(dequantized)(sums + i, weight_scale + i, row_scale[r], bias + i));
        for (; i < columns; i++) x[i] += (float)sums[i] * row_scale[r] * weight_scale[i] + bias[i];
    }
}

static void NAME(dequantize)(
    float *out, ek_bf16 *out16, const int32_t *sums, int64_t rows, int64_t columns,
    const float *weight_scale, const float *row_scale, const float *bias) {
    for (int64_t r = 0; r < rows; r++, sums += columns) {
        int64_t i = 0;
        for (; i + W <= columns; i += W) {
            vf y = NAME(dequantized)(sums + i, weight_scale + i, row_scale[r], bias + i);
            if (out16)
                *(vh_anywhere *)(out16 + r * columns + i) = narrowed(y);
            else
                store(out + r * columns + i, y);
        }
        for (; i < columns; i++) {
            float y = (float)sums[i] * row_scale[r] * weight_scale[i] + bias[i];
            if (out16)
                out16[r * columns + i] = narrowed_one(y);
            else
                out[r * columns + i] = y;
        }
    }
}

static void NAME(activate)(
    uint8_t *out, float *out_scale, const int32_t *sums, int64_t rows, int64_t columns, const float *weight_scale,
    const float *row_scale, const float *bias, ek_activation activation, const float *factor, const float *offset,
    float *scratch) {
    const int64_t whole = full(columns);
    const vf shift = splat(12582912.0f);
    for (int64_t r = 0; r < rows; r++, sums += columns, out += columns) {
        vf most = splat(0);
        for (int64_t i = 0; i < whole; i += W) {
            vf x = NAME(dequantized)(sums + i, weight_scale + i, row_scale[r], bias + i);
            // Rounding may bring a value just below the least there is.
            vf y = max_(fma_(activated(x, activation), load(factor + i), load(offset + i)), splat(0));
            store(scratch + i, y);
            most = max_(most, y);
        }
        float largest = max_of(most);
        for (int64_t i = whole; i < columns; i++) {
            float x = (float)sums[i] * row_scale[r] * weight_scale[i] + bias[i];
            float y = activated(splat(x), activation)[0] * factor[i] + offset[i];
            scratch[i] = y > 0 ? y : 0;
            if (y > largest) largest = y;
        }
        const float inverse = largest > 1e-30f ? 255.0f / largest : 0;
        out_scale[r] = largest / 255.0f;
        for (int64_t i = 0; i < whole; i += W) {
            vi rounded = (vi)fma_(load(scratch + i), splat(inverse), shift) - (vi)shift;
            *(vub_anywhere *)(out + i) = __builtin_convertvector(rounded, vub);
        }
        for (int64_t i = whole; i < columns; i++) out[i] = (uint8_t)rounded_one(scratch[i] * inverse);
    }
}

static void NAME(add_rows)(float *out, const float *x, int64_t rows, int64_t columns) {
    for (int64_t r = 0; r < rows; r++, x += columns) {
        int64_t i = 0;
        for (; i + W <= columns; i += W) store(out + i, load(out + i) + load(x + i));
        for (; i < columns; i++) out[i] += x[i];
    }
}

static void NAME(max_rows)(float *out, const float *x, int64_t rows, int64_t columns) {
    for (int64_t r = 0; r < rows; r++, x += columns) {
        int64_t i = 0;
        for (; i + W <= columns; i += W) store(out + i, max_(load(out + i), load(x + i)));
        for (; i < columns; i++) out[i] = x[i] > out[i] ? x[i] : out[i];
    }
}

static void NAME(widen)(float *out, const ek_bf16 *x, int64_t count) {
    int64_t i = 0;
    for (; i + W <= count; i += W) store(out + i, widened(*(const vh_anywhere *)(x + i)));
    for (; i < count; i++) {
        uint32_t bits = (uint32_t)x[i] << 16;
        memcpy(out + i, &bits, 4);
    }
}

static void NAME(narrow)(ek_bf16 *out, const float *x, int64_t count) {
    int64_t i = 0;
    for (; i + W <= count; i += W) *(vh_anywhere *)(out + i) = narrowed(load(x + i));
    for (; i < count; i++) out[i] = narrowed_one(x[i]);
}

const ek_kernels NAME(kernels) = {
    .name = KERNELS,
    .attention_scratch = NAME(attention_scratch),
    .attention_f32 = NAME(attention_f32),
#ifdef HAS_BF16
    .attention_bf16 = NAME(attention_bf16),
#endif
    .layer_norm = NAME(layer_norm),
    .quantize = NAME(quantize),
    .dequantize_add = NAME(dequantize_add),
    .dequantize = NAME(dequantize),
    .activate = NAME(activate),
    .add_rows = NAME(add_rows),
    .max_rows = NAME(max_rows),
    .widen = NAME(widen),
    .narrow = NAME(narrow),
};
