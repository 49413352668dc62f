import CCrypto
import Glibc

/// A safetensors file, mapped into memory as long as this object or a tensor of it lives.
///
/// The mapping is private and read-only. Its size is the file's at the time of opening, and every tensor lies within
/// it. A file that somebody cuts short afterwards would end the process (SIGBUS) at the next page that is read: files
/// of models are replaced by renaming a new one over the old, which leaves the mapped one as it is. To keep that window
/// short, copy what is needed and let go of the object.
final class SafeTensors: Sendable {
    /// The file.
    let path: String
    private let file: Int32
    // Immutable for the life of the object, and what it points to is read-only.
    private nonisolated(unsafe) let mapping: UnsafeRawBufferPointer
    private let header: SafeTensorsHeader
    private let indices: [[UInt8]: Int]

    /// Maps a file and checks its header against the format.
    init(path: String) throws(ModelError) {
        let (file, size) = try openRegularFile(path)
        guard size >= 8 else {
            close(file)
            throw ModelError(path, "is only \(size) bytes long: not a safetensors file, or cut off")
        }
        guard let base = mmap(nil, size, PROT_READ, MAP_PRIVATE, file, 0), base != MAP_FAILED else {
            let reason = systemMessage(errno)
            close(file)
            throw ModelError(path, "cannot be mapped into memory: \(reason)")
        }
        let mapping = UnsafeRawBufferPointer(start: base, count: size)
        do throws(ModelError) {
            header = try SafeTensorsHeader(file: mapping, path: path)
        } catch {
            munmap(base, size)
            close(file)
            throw error
        }
        self.path = path
        self.file = file
        self.mapping = mapping
        // The header refuses duplicates.
        indices = Dictionary(uniqueKeysWithValues: zip(header.entries.map(\.name), header.entries.indices))
    }

    deinit {
        munmap(UnsafeMutableRawPointer(mutating: mapping.baseAddress!), mapping.count)
        close(file)
    }

    /// The names of all tensors, in the order of their bytes.
    var names: [String] { header.entries.map { String(decoding: $0.name, as: UTF8.self) } }

    /// The tensor of a name, of whatever type.
    func tensor(named name: String) -> Tensor? {
        indices[Array(name.utf8)].map { index in
            let entry = header.entries[index]
            return Tensor(name: name, type: entry.type, shape: entry.shape, file: self, bytes: entry.bytes)
        }
    }

    /// Gives back the memory of the pages that were read; they are read from the file again when they are needed.
    func release() {
        // Can only fail for arguments that a mapping of our own does not have.
        _ = madvise(UnsafeMutableRawPointer(mutating: mapping.baseAddress!), mapping.count, MADV_DONTNEED)
    }

    /// The bytes of the file, for its tensors.
    func withBytes<Result, Failure: Error>(
        _ range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(UnsafeRawBufferPointer(rebasing: mapping[range]))
    }

    /// SHA-256 of the whole file, 32 bytes. Read in pieces, since what is read through the mapping counts as resident.
    func sha256() throws(ModelError) -> [UInt8] {
        guard let context = EVP_MD_CTX_new() else { throw ModelError(path, "no memory for SHA-256") }
        defer { EVP_MD_CTX_free(context) }
        guard EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
            throw ModelError(path, "libcrypto has no SHA-256")
        }
        var buffer = [UInt8](repeating: 0, count: 128 << 10)
        var offset = 0
        while true {
            let count = pread(file, &buffer, buffer.count, offset)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw ModelError(path, "cannot be read: \(systemMessage(errno))") }
            if count == 0 { break }
            guard EVP_DigestUpdate(context, buffer, count) == 1 else { throw ModelError(path, "SHA-256 failed") }
            offset += count
        }
        guard offset == mapping.count else { throw ModelError(path, "changed its length while it was in use") }
        var digest = [UInt8](repeating: 0, count: 32)
        guard EVP_DigestFinal_ex(context, &digest, nil) == 1 else { throw ModelError(path, "SHA-256 failed") }
        return digest
    }
}
