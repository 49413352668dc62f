import Glibc

/// The text form of a row's key, as the server gives it.
///
/// A type of its own because Swift calls texts equal that Unicode calls equivalent, such as é as one scalar and as two,
/// while to PostgreSQL they are two keys: here bytes decide.
package struct RowKey: Sendable, Hashable, Comparable, ExpressibleByStringInterpolation,
    CustomStringConvertible
{
    /// The key's text.
    package let text: String

    /// A key from its text form.
    package init(_ text: String) {
        self.text = text
    }

    /// A key as a literal, for tests and messages.
    package init(stringLiteral text: String) {
        self.init(text)
    }

    /// Whether the bytes are the same.
    package static func == (left: Self, right: Self) -> Bool {
        left.withBytes { left in
            right.withBytes { right in
                guard left.count == right.count else { return false }
                guard let one = left.baseAddress, let other = right.baseAddress else { return true }
                // The pointers are only read, and only during the call.
                return memcmp(one, other, left.count) == 0
            }
        }
    }

    /// The order of the bytes.
    package static func < (left: Self, right: Self) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }

    /// Hashes the bytes.
    package func hash(into hasher: inout Hasher) {
        withBytes { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }

    /// The key's bytes at once: a key is hashed and compared many times on its way.
    private func withBytes<T>(_ body: (UnsafeBufferPointer<UInt8>) -> T) -> T {
        text.utf8.withContiguousStorageIfAvailable(body) ?? Array(text.utf8).withUnsafeBufferPointer(body)
    }

    /// The bucket that a daemon claims to have this row to itself: ten bits of FNV-1a over the key's bytes.
    ///
    /// Daemons of every release and machine agree on it, or they would do work twice.
    package var bucket: Int32 {
        withBytes { bytes in
            let hash = FNV1a.hash(bytes)
            // The low bits of neighbouring keys differ by little: fold the high ones in.
            return Int32(truncatingIfNeeded: (hash ^ (hash >> 32)) & UInt64(Self.buckets - 1))
        }
    }

    /// How many buckets there are.
    package static let buckets: Int32 = 1024

    /// The key's text.
    package var description: String { text }
}
