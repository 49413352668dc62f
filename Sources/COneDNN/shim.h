// oneDNN's C API, as far as the encoder needs it: products of matrices with packed weights. What differs between its
// versions 2 (Debian 12) and 3 ends here. oneAPI Deep Neural Network Library Developer Guide, "Matrix Multiplication".
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <oneapi/dnnl/dnnl.h>

#if DNNL_VERSION_MAJOR >= 3
typedef const_dnnl_memory_desc_t onednn_layout;
#else
typedef const dnnl_memory_desc_t *onednn_layout;
#endif

/// Memory of `rows` by `columns` in row-major order, or column-major where `transposed`; the data stays the caller's.
static inline dnnl_status_t onednn_matrix(
    dnnl_memory_t *memory, dnnl_engine_t engine, int64_t rows, int64_t columns, bool transposed,
    dnnl_data_type_t type, void *data) {
    dnnl_dims_t dims = {rows, columns};
    dnnl_format_tag_t tag = transposed ? dnnl_ba : dnnl_ab;
#if DNNL_VERSION_MAJOR >= 3
    dnnl_memory_desc_t layout;
    dnnl_status_t status = dnnl_memory_desc_create_with_tag(&layout, 2, dims, type, tag);
    if (status != dnnl_success) return status;
    status = dnnl_memory_create(memory, layout, engine, data);
    dnnl_memory_desc_destroy(layout);
    return status;
#else
    dnnl_memory_desc_t layout;
    dnnl_status_t status = dnnl_memory_desc_init_by_tag(&layout, 2, dims, type, tag);
    return status == dnnl_success ? dnnl_memory_create(memory, &layout, engine, data) : status;
#endif
}

/// Memory in a layout of the library's own; the data stays the caller's.
static inline dnnl_status_t onednn_memory(
    dnnl_memory_t *memory, dnnl_engine_t engine, onednn_layout layout, void *data) {
    return dnnl_memory_create(memory, layout, engine, data);
}

static inline size_t onednn_size(onednn_layout layout) { return dnnl_memory_desc_get_size(layout); }

/// What a product is to be.
typedef struct {
    int64_t rows, inner, columns;
    dnnl_data_type_t source, weights, result;
    /// Whether a row of floats is added to each row of the result.
    bool bias;
    /// Whether the product is added to what the result held.
    bool adds;
    /// What is applied last; dnnl_alg_kind_undef for nothing.
    dnnl_alg_kind_t activation;
} onednn_product;

/// Finds the way to compute a product. With no `weights` layout the library chooses the one it likes best.
static inline dnnl_status_t onednn_plan(
    dnnl_primitive_desc_t *plan, dnnl_engine_t engine, onednn_product product, onednn_layout weights) {
    dnnl_primitive_attr_t attributes;
    dnnl_post_ops_t after;
    dnnl_status_t status = dnnl_primitive_attr_create(&attributes);
    if (status != dnnl_success) return status;
    status = dnnl_post_ops_create(&after);
    if (status != dnnl_success) {
        dnnl_primitive_attr_destroy(attributes);
        return status;
    }
    dnnl_dims_t source_dims = {product.rows, product.inner}, weights_dims = {product.inner, product.columns};
    dnnl_dims_t result_dims = {product.rows, product.columns}, bias_dims = {1, product.columns};
#if DNNL_VERSION_MAJOR >= 3
    if (product.adds) dnnl_post_ops_append_sum(after, 1, 0, dnnl_data_type_undef);
    if (product.activation != dnnl_alg_kind_undef) dnnl_post_ops_append_eltwise(after, product.activation, 0, 0);
    dnnl_primitive_attr_set_post_ops(attributes, after);
    dnnl_memory_desc_t source = 0, any = 0, result = 0, bias = 0;
    dnnl_memory_desc_create_with_tag(&source, 2, source_dims, product.source, dnnl_ab);
    dnnl_memory_desc_create_with_tag(&any, 2, weights_dims, product.weights, dnnl_format_tag_any);
    dnnl_memory_desc_create_with_tag(&result, 2, result_dims, product.result, dnnl_ab);
    dnnl_memory_desc_create_with_tag(&bias, 2, bias_dims, dnnl_f32, dnnl_ab);
    status = dnnl_matmul_primitive_desc_create(
        plan, engine, source, weights ? weights : any, product.bias ? bias : 0, result, attributes);
    dnnl_memory_desc_destroy(source);
    dnnl_memory_desc_destroy(any);
    dnnl_memory_desc_destroy(result);
    dnnl_memory_desc_destroy(bias);
#else
    if (product.adds) dnnl_post_ops_append_sum(after, 1);
    if (product.activation != dnnl_alg_kind_undef) dnnl_post_ops_append_eltwise(after, 1, product.activation, 0, 0);
    dnnl_primitive_attr_set_post_ops(attributes, after);
    dnnl_memory_desc_t source, any, result, bias;
    dnnl_memory_desc_init_by_tag(&source, 2, source_dims, product.source, dnnl_ab);
    dnnl_memory_desc_init_by_tag(&any, 2, weights_dims, product.weights, dnnl_format_tag_any);
    dnnl_memory_desc_init_by_tag(&result, 2, result_dims, product.result, dnnl_ab);
    dnnl_memory_desc_init_by_tag(&bias, 2, bias_dims, dnnl_f32, dnnl_ab);
    dnnl_matmul_desc_t matmul;
    status = dnnl_matmul_desc_init(
        &matmul, &source, weights ? weights : &any, product.bias ? &bias : 0, &result);
    if (status == dnnl_success) status = dnnl_primitive_desc_create(plan, &matmul, attributes, engine, 0);
#endif
    dnnl_post_ops_destroy(after);
    dnnl_primitive_attr_destroy(attributes);
    return status;
}

/// The layout that a plan wants its weights in; lives as long as the plan.
static inline onednn_layout onednn_weights_layout(dnnl_primitive_desc_t plan) {
    return dnnl_primitive_desc_query_md(plan, dnnl_query_weights_md, 0);
}

/// Copies a matrix into another layout or type of element.
static inline dnnl_status_t onednn_reorder(
    dnnl_engine_t engine, dnnl_stream_t stream, dnnl_memory_t from, dnnl_memory_t to) {
    onednn_layout source, destination;
    dnnl_primitive_desc_t plan;
    dnnl_primitive_t primitive;
    dnnl_status_t status = dnnl_memory_get_memory_desc(from, &source);
    if (status == dnnl_success) status = dnnl_memory_get_memory_desc(to, &destination);
    if (status == dnnl_success)
        status = dnnl_reorder_primitive_desc_create(&plan, source, engine, destination, engine, 0);
    if (status != dnnl_success) return status;
    status = dnnl_primitive_create(&primitive, plan);
    dnnl_primitive_desc_destroy(plan);
    if (status != dnnl_success) return status;
    dnnl_exec_arg_t arguments[] = {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}};
    status = dnnl_primitive_execute(primitive, stream, 2, arguments);
    if (status == dnnl_success) status = dnnl_stream_wait(stream);
    dnnl_primitive_destroy(primitive);
    return status;
}

/// Computes a product.
static inline dnnl_status_t onednn_execute(
    dnnl_primitive_t primitive, dnnl_stream_t stream, dnnl_memory_t source, dnnl_memory_t weights,
    dnnl_memory_t bias, dnnl_memory_t result) {
    dnnl_exec_arg_t arguments[] = {
        {DNNL_ARG_SRC, source}, {DNNL_ARG_WEIGHTS, weights}, {DNNL_ARG_DST, result}, {DNNL_ARG_BIAS, bias}};
    return dnnl_primitive_execute(primitive, stream, bias ? 4 : 3, arguments);
}

// Debian's build shares its work out with OpenMP; a build that does not has no such function.
extern void omp_set_num_threads(int) __attribute__((weak));

/// Keeps the library from starting threads of its own for what the calling thread asks of it.
static inline void onednn_stay_on_this_thread(void) {
    if (omp_set_num_threads) omp_set_num_threads(1);
}
