/// The hash FNV-1a of 64 bits (Fowler, Noll, Vo), where programs of every release and machine have to agree on a number. It is
/// no secret: whoever wants to can make a text of the same hash.
enum FNV1a {
    static func hash(_ bytes: some Sequence<UInt8>) -> UInt64 {
        bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }

    /// The hash as sixteen digits.
    static func digits(_ bytes: some Sequence<UInt8>) -> String {
        let digits = String(hash(bytes), radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
