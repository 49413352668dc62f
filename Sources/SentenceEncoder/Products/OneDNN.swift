import COneDNN
import Glibc

/// A call of oneDNN that failed.
struct ProductError: Error, CustomStringConvertible {
    let status: dnnl_status_t
    let call: String

    var description: String {
        let reason =
            switch status {
            case dnnl_out_of_memory: "out of memory"
            case dnnl_unimplemented: "not implemented for this processor"
            case dnnl_invalid_arguments: "invalid arguments"
            // Most often this: it compiles its products for the processor at hand.
            case dnnl_runtime_error:
                "an error at run time, such as when MemoryDenyWriteExecute=yes keeps it from compiling code"
            default: "status \(status.rawValue)"
            }
        return "oneDNN could not \(call): \(reason)"
    }

    static func check(_ status: dnnl_status_t, _ call: @autoclosure () -> String) throws(ProductError) {
        guard status == dnnl_success else { throw ProductError(status: status, call: call()) }
    }
}

/// oneDNN's engine for the processor.
///
/// Unchecked, because engines may be used from any thread (oneDNN Developer Guide, "Basic Concepts"); it is never
/// changed after it was made.
final class ProductEngine: @unchecked Sendable {
    let handle: dnnl_engine_t

    init() throws(ProductError) {
        var engine: dnnl_engine_t?
        try ProductError.check(dnnl_engine_create(&engine, dnnl_cpu, 0), "start")
        handle = engine!
    }

    deinit { dnnl_engine_destroy(handle) }
}

/// The thread's queue of work; a thread has one of its own.
final class ProductStream {
    let handle: dnnl_stream_t

    init(_ engine: ProductEngine) throws(ProductError) {
        onednn_stay_on_this_thread()
        var stream: dnnl_stream_t?
        try ProductError.check(
            dnnl_stream_create(&stream, engine.handle, UInt32(dnnl_stream_default_flags.rawValue)), "start")
        handle = stream!
    }

    deinit { dnnl_stream_destroy(handle) }
}

/// Memory in whole pages, zero at first; a page that is never written to costs nothing.
///
/// Unchecked: who may write to it, and when, is its owner's to say.
final class AlignedMemory: @unchecked Sendable {
    let base: UnsafeMutableRawPointer
    private let count: Int

    init(bytes: Int) {
        count = max(bytes, 64)
        let pages = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        // As for any other allocation: there is nothing to go on with.
        guard let pages, pages != MAP_FAILED else { fatalError("no memory for \(count) bytes") }
        base = pages
    }

    deinit { munmap(base, count) }

    /// The memory as elements of a type.
    func bound<Element>(to type: Element.Type) -> UnsafeMutablePointer<Element> {
        base.assumingMemoryBound(to: type)
    }
}

/// A matrix as oneDNN sees it, with what keeps its data alive.
///
/// Unchecked: the description never changes after it was made, and the data only as its owner says.
final class ProductMemory: @unchecked Sendable {
    let handle: dnnl_memory_t
    private let data: AlignedMemory

    /// Row-major, or column-major where `transposed`.
    init(
        _ engine: ProductEngine, rows: Int, columns: Int, transposed: Bool = false, type: dnnl_data_type_t,
        data: AlignedMemory
    ) throws(ProductError) {
        var memory: dnnl_memory_t?
        try ProductError.check(
            onednn_matrix(&memory, engine.handle, Int64(rows), Int64(columns), transposed, type, data.base),
            "describe a matrix of \(rows) by \(columns)")
        handle = memory!
        self.data = data
    }

    /// In the layout that a plan wants its weights in.
    init(_ engine: ProductEngine, weightsOf plan: ProductPlan) throws(ProductError) {
        let layout = onednn_weights_layout(plan.handle)
        data = AlignedMemory(bytes: onednn_size(layout))
        var memory: dnnl_memory_t?
        try ProductError.check(onednn_memory(&memory, engine.handle, layout, data.base), "make room for weights")
        handle = memory!
    }

    deinit { dnnl_memory_destroy(handle) }
}

/// A way to compute a product of certain sizes.
///
/// Unchecked: never changed after it was made.
final class ProductPlan: @unchecked Sendable {
    let handle: dnnl_primitive_desc_t

    /// - Parameter weights: The plan whose layout of weights is to be used; nil to let the library choose.
    init(_ engine: ProductEngine, _ product: onednn_product, weightsOf other: ProductPlan?) throws(ProductError) {
        var plan: dnnl_primitive_desc_t?
        let layout = other.flatMap { onednn_weights_layout($0.handle) }
        try ProductError.check(
            onednn_plan(&plan, engine.handle, product, layout),
            "plan a product of \(product.rows) × \(product.inner) × \(product.columns)")
        handle = plan!
    }

    deinit { dnnl_primitive_desc_destroy(handle) }
}

/// A compiled product; belongs to the thread that made it, as its scratch memory does.
final class ProductPrimitive {
    let handle: dnnl_primitive_t

    init(_ plan: ProductPlan) throws(ProductError) {
        var primitive: dnnl_primitive_t?
        try ProductError.check(dnnl_primitive_create(&primitive, plan.handle), "compile a product")
        handle = primitive!
    }

    deinit { dnnl_primitive_destroy(handle) }
}
