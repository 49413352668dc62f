import CLibpq
import Dispatch

/// The call that a connection is busy with, seen from its waiting side.
struct Operation {
    private(set) var number = 0
    private(set) var name = ""
    private(set) var isRunning = false
    var interruption: Interruption?
    /// Resumed when something happened on the socket.
    private var waiter: CheckedContinuation<Void, Never>?
    /// How often something has happened.
    private(set) var wakes = 0
    /// The cancel request under way.
    var cancelRequest: Task<Void, Never>?

    mutating func begin(_ name: String) {
        number += 1
        self.name = name
        isRunning = true
        interruption = nil
    }

    mutating func end() {
        isRunning = false
        cancelRequest = nil
    }

    /// Has the continuation resumed when something happens; at once where something has, since there were so many `wakes`.
    mutating func wait(_ continuation: CheckedContinuation<Void, Never>, since seen: Int) {
        guard wakes == seen else { return continuation.resume() }
        waiter = continuation
    }

    mutating func wake() {
        wakes += 1
        waiter?.resume()
        waiter = nil
    }
}

/// Why a call is not waited for any longer.
enum Interruption {
    case deadline, cancelled
    /// The server was asked to cancel, and did not even answer that.
    case grace

    func error(statement: String) -> any Error {
        switch self {
        // The server has cancelled it: query_canceled.
        case .deadline:
            PostgresError(.deadlineExceeded, "no answer within the deadline", sqlState: "57014", statement: statement)
        case .grace: PostgresError(.deadlineExceeded, "no answer within the deadline", statement: statement)
        case .cancelled: CancellationError()
        }
    }
}

/// One message of the extended protocol.
struct Message {
    enum Kind { case query, prepare(String), execute(String) }

    let kind: Kind
    let statement: Statement

    init(_ kind: Kind, _ statement: Statement) {
        self.kind = kind
        self.statement = statement
    }

    var isPrepare: Bool {
        if case .prepare = kind { true } else { false }
    }

    /// Queues it; results are asked for in binary.
    func send(to pg: OpaquePointer) -> Bool {
        var types = statement.parameters.map(\.type.rawValue)
        let count = Int32(types.count)
        if case .prepare(let name) = kind { return PQsendPrepare(pg, name, statement.sql, count, &types) == 1 }
        var lengths = statement.parameters.map { Int32($0.bytes?.count ?? 0) }
        var formats = [Int32](repeating: 1, count: types.count)
        // libpq copies the values before it returns; until then they stay where they are.
        return statement.parameters.withPointers { values in
            if case .execute(let name) = kind {
                PQsendQueryPrepared(pg, name, count, values, &lengths, &formats, 1) == 1
            } else {
                PQsendQueryParams(pg, statement.sql, count, &types, values, &lengths, &formats, 1) == 1
            }
        }
    }
}

extension [PostgresValue] {
    /// Gives a C array of pointers to the values, NULL for nil, valid during the call.
    fileprivate func withPointers<T>(_ body: (UnsafePointer<UnsafePointer<CChar>?>) -> T) -> T {
        // One buffer for all of them: a pointer into each array would nest a closure a parameter.
        var bytes: [UInt8] = []
        bytes.reserveCapacity(reduce(1) { $0 + ($1.bytes?.count ?? 0) })
        let offsets: [Int?] = map { value in
            guard let value = value.bytes else { return nil }
            defer { bytes.append(contentsOf: value) }
            return bytes.count
        }
        // libpq takes a NULL pointer for NULL, so an empty value needs an address too.
        bytes.append(UInt8(0))
        return bytes.withUnsafeBytes { buffer in
            let start = buffer.baseAddress!.assumingMemoryBound(to: CChar.self)
            return body(offsets.map { offset in offset.map { start + $0 } })
        }
    }
}

extension PostgresError {
    func named(_ statement: String) -> PostgresError {
        PostgresError(
            code, message, sqlState: sqlState, severity: severity, detail: detail, hint: hint, statement: statement)
    }
}

extension Duration {
    /// In whole nanoseconds, a year at most, which is for ever to a deadline and fits.
    var dispatchInterval: DispatchTimeInterval {
        let (seconds, attoseconds) = min(self, .seconds(365 * 86_400)).components
        return .nanoseconds(Int(seconds) * 1_000_000_000 + Int(attoseconds / 1_000_000_000))
    }
}
