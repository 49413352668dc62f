/// Byte strings and their numbers in an open-addressing hash table that is filled once.
///
/// A slot holds the first eight bytes itself, so that most look-ups touch one cache line. The hash is seeded at random:
/// a vocabulary cannot be written so that it collides.
struct TokenTable: Sendable {
    private struct Slot {
        /// The first eight bytes, little-endian, zero beyond the length.
        var head: UInt64 = 0
        var value: Int32 = 0
        /// Bytes of the whole string; 0 in a free slot.
        var length: UInt32 = 0
    }

    private var slots: [Slot]
    /// Where in `tails` the bytes after the first eight of a slot's string are.
    private var tailStarts: [UInt32]
    private var tails: [UInt8] = []
    /// Length of the longest string by its first byte.
    private var longest = [Int](repeating: 0, count: 256)
    private let mask: Int
    private let seed = UInt64.random(in: 1 ... .max)

    /// Makes room for a number of strings: more must not be put in.
    init(capacity: Int) {
        var size = 16
        while size < capacity * 2 { size *= 2 }
        slots = Array(repeating: Slot(), count: size)
        tailStarts = Array(repeating: 0, count: size)
        mask = size - 1
    }

    /// Puts in a string; returns the value it already had if it was in, and leaves that. The empty string is left out.
    mutating func insert(_ string: some Collection<UInt8>, value: Int32) -> Int32? {
        let count = string.count
        guard count > 0 else { return nil }
        let bytes = Array(string)
        return bytes.withUnsafeBufferPointer { buffer in
            let start = buffer.baseAddress!
            let (slot, isFree) = probe(start, count, padded: false)
            guard isFree else { return slots[slot].value }
            slots[slot] = Slot(head: Self.load(start, count, padded: false), value: value, length: UInt32(count))
            if count > 8 {
                tailStarts[slot] = UInt32(tails.count)
                tails.append(contentsOf: buffer[8...])
            }
            longest[Int(start[0])] = max(longest[Int(start[0])], count)
            return nil
        }
    }

    /// The value of `count` bytes (at least one), or -1. With `padded`, eight bytes more must be readable behind them.
    @inline(__always)
    func find(_ start: UnsafePointer<UInt8>, _ count: Int, padded: Bool) -> Int32 {
        let (slot, isFree) = probe(start, count, padded: padded)
        return isFree ? -1 : slots[slot].value
    }

    /// The longest string in the table that `count` bytes (at least one) begin with.
    func longestPrefix(_ start: UnsafePointer<UInt8>, _ count: Int, padded: Bool) -> (value: Int32, length: Int)? {
        var length = min(count, longest[Int(start[0])])
        while length > 0 {
            let value = find(start, length, padded: padded)
            if value >= 0 { return (value, length) }
            length -= 1
        }
        return nil
    }

    /// The slot that holds a string, or the free one where it would be put.
    @inline(__always)
    private func probe(_ start: UnsafePointer<UInt8>, _ count: Int, padded: Bool) -> (slot: Int, isFree: Bool) {
        let head = Self.load(start, min(count, 8), padded: padded)
        var hash = Self.mix(head ^ seed ^ UInt64(truncatingIfNeeded: count) &* 0x9e37_79b9_7f4a_7c15)
        var at = 8
        while at < count {
            hash = Self.mix(hash ^ Self.load(start + at, min(count - at, 8), padded: padded))
            at += 8
        }
        var slot = Int(truncatingIfNeeded: hash) & mask
        while true {
            let candidate = slots[slot]
            if candidate.length == 0 { return (slot, true) }
            if candidate.head == head, candidate.length == UInt32(count),
                count <= 8 || hasTail(slot, start + 8, count - 8)
            {
                return (slot, false)
            }
            slot = (slot + 1) & mask
        }
    }

    private func hasTail(_ slot: Int, _ start: UnsafePointer<UInt8>, _ count: Int) -> Bool {
        let tail = Int(tailStarts[slot])
        for index in 0..<count where tails[tail + index] != start[index] { return false }
        return true
    }

    @inline(__always)
    private static func mix(_ value: UInt64) -> UInt64 {
        let product = value.multipliedFullWidth(by: 0xa076_1d64_78bd_642f)
        return product.high ^ product.low
    }

    /// Up to eight bytes as a little-endian number, zero beyond them.
    ///
    /// Unsafe because a loop over the bytes is most of the time of a look-up: where eight bytes are readable, one load
    /// and a mask do.
    @inline(__always)
    private static func load(_ start: UnsafePointer<UInt8>, _ count: Int, padded: Bool) -> UInt64 {
        if count >= 8 { return UInt64(littleEndian: UnsafeRawPointer(start).loadUnaligned(as: UInt64.self)) }
        if padded {
            let word = UInt64(littleEndian: UnsafeRawPointer(start).loadUnaligned(as: UInt64.self))
            return word & (1 << UInt64(truncatingIfNeeded: count * 8) &- 1)
        }
        var word: UInt64 = 0
        for index in 0..<count { word |= UInt64(start[index]) << UInt64(index * 8) }
        return word
    }
}
