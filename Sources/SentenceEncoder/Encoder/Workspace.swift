import CEncoderKernels
import COneDNN

/// A lane's own memory and compiled products: room for the tokens of one group of sequences.
///
/// Belongs to the lane's thread and to no other.
final class Workspace {
    let network: Network
    let stream: ProductStream
    let kernels: UnsafePointer<ek_kernels>
    /// Rows there is room for.
    let capacity: Int

    /// The residual stream, [rows, hidden].
    let hidden: UnsafeMutablePointer<Float>
    /// The same as operands of a product.
    let operands: UnsafeMutableRawPointer
    /// Queries, keys and values, [rows, 3 × hidden].
    let attention: UnsafeMutableRawPointer
    /// What attention gives, [rows, hidden].
    let context: UnsafeMutableRawPointer
    /// Between the layers of the feed-forward network, [rows, intermediate].
    let intermediate: UnsafeMutableRawPointer
    /// Sums of products of bytes, at int8.
    let sums: UnsafeMutablePointer<Int32>
    /// The context as bytes, at int8.
    let contextBytes: UnsafeMutablePointer<Int8>
    /// Scales of the rows of operands, context and intermediate, at int8.
    let operandScales: UnsafeMutablePointer<Float>
    let contextScales: UnsafeMutablePointer<Float>
    let intermediateScales: UnsafeMutablePointer<Float>
    /// For attention, and for a row of the feed-forward network.
    let scratch: UnsafeMutableRawPointer

    private let memory: [AlignedMemory]
    private let sources: [AlignedMemory]
    private let results: [AlignedMemory]
    /// By role, then by rows in eights.
    private var prepared: [[Prepared?]]

    /// A product of one number of rows, with the workspace's memory as source and result.
    private struct Prepared {
        let primitive: ProductPrimitive
        let source: ProductMemory
        let result: ProductMemory
    }

    init(_ network: Network, capacity: Int) throws(ProductError) {
        self.network = network
        self.capacity = capacity
        stream = try ProductStream(network.engine)
        kernels = Kernels.best
        let configuration = network.configuration
        let width = configuration.hiddenSize
        let isInt8 = network.precision == .int8
        // Floats where bfloat16 would do: the room is small, and int8 needs floats in some places.
        func room(_ columns: Int, bytes: Int = 4) -> AlignedMemory {
            AlignedMemory(bytes: capacity * columns * bytes)
        }
        let hidden = room(width)
        let operands = network.precision == .fp32 ? hidden : room(width, bytes: 2)
        let attention = room(3 * width)
        let context = room(width)
        let intermediate = room(configuration.intermediateSize, bytes: network.precision == .fp32 ? 4 : 2)
        let sums = room(isInt8 ? max(3 * width, configuration.intermediateSize) : 0)
        let contextBytes = room(isInt8 ? width : 0, bytes: 1)
        let scales = room(3)
        let scratch = AlignedMemory(
            bytes: max(
                Int(kernels.pointee.attention_scratch(Int64(capacity), Int64(configuration.headSize))),
                configuration.intermediateSize * 4))
        self.hidden = hidden.bound(to: Float.self)
        self.operands = operands.base
        self.attention = attention.base
        self.context = context.base
        self.intermediate = intermediate.base
        self.sums = sums.bound(to: Int32.self)
        self.contextBytes = contextBytes.bound(to: Int8.self)
        operandScales = scales.bound(to: Float.self)
        contextScales = operandScales + capacity
        intermediateScales = contextScales + capacity
        self.scratch = scratch.base
        memory = [hidden, operands, attention, context, intermediate, sums, contextBytes, scales, scratch]
        // In the order of the roles.
        sources = [operands, isInt8 ? contextBytes : context, operands, intermediate]
        results = isInt8 ? [sums, sums, sums, sums] : [attention, hidden, intermediate, hidden]
        prepared = Array(repeating: Array(repeating: nil, count: capacity / 8 + 1), count: LinearRole.allCases.count)
    }

    /// Computes a product of the first `rows` rows, a multiple of eight.
    func multiply(_ role: LinearRole, _ linear: Linear, rows: Int) throws(ProductError) {
        let product = try prepare(role, rows: rows)
        try ProductError.check(
            onednn_execute(
                product.primitive.handle, stream.handle, product.source.handle, linear.weights.handle,
                network.shapes[role.rawValue].hasBias ? linear.biasMemory.handle : nil, product.result.handle),
            "compute a product")
    }

    private func prepare(_ role: LinearRole, rows: Int) throws(ProductError) -> Prepared {
        if let known = prepared[role.rawValue][rows / 8] { return known }
        let shape = network.shapes[role.rawValue]
        let plan = try ProductPlan(
            network.engine, shape.product(rows: rows), weightsOf: network.plans[role.rawValue])
        let new = Prepared(
            primitive: try ProductPrimitive(plan),
            source: try ProductMemory(
                network.engine, rows: rows, columns: shape.inputs, type: shape.source, data: sources[role.rawValue]),
            result: try ProductMemory(
                network.engine, rows: rows, columns: shape.outputs, type: shape.result, data: results[role.rawValue]))
        prepared[role.rawValue][rows / 8] = new
        return new
    }
}
