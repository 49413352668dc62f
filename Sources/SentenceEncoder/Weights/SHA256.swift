import CCrypto

/// SHA-256 (FIPS 180-4) of what is in memory, by libcrypto.
package enum SHA256 {
    /// The hash of a text's UTF-8, 32 bytes.
    package static func digest(of text: String) -> [UInt8] {
        var text = text
        var digest = [UInt8](repeating: 0, count: 32)
        // The pointers are only read and written during the call (EVP_Digest(3ssl)).
        let succeeded = text.withUTF8 { EVP_Digest($0.baseAddress, $0.count, &digest, nil, EVP_sha256(), nil) }
        precondition(succeeded == 1, "libcrypto has no SHA-256")
        return digest
    }
}
