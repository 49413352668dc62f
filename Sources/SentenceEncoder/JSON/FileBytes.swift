import Glibc

/// The largest configuration file that is read, in bytes.
package let configurationFileLimit = 1 << 20
/// The largest tokenizer.json or vocab.txt that is read, in bytes.
package let vocabularyFileLimit = 64 << 20

/// Reads a whole regular file.
///
/// Anything else (a folder, a FIFO that would wait for a writer, a device without end) and a file longer than `limit`
/// bytes is refused before its contents are touched.
func readFile(_ path: String, limit: Int) throws(ModelError) -> [UInt8] {
    let descriptor = try openRegularFile(path)
    defer { close(descriptor.number) }
    guard descriptor.size <= limit else {
        throw ModelError(path, "is \(descriptor.size) bytes long, more than the \(limit) that such a file may have")
    }
    // One byte more than it had when opened: a file that grows meanwhile is found out instead of being cut.
    var bytes = [UInt8](repeating: 0, count: descriptor.size + 1)
    var count = 0
    while count < bytes.count {
        let got = bytes.withUnsafeMutableBytes { read(descriptor.number, $0.baseAddress! + count, $0.count - count) }
        if got < 0, errno == EINTR { continue }
        guard got >= 0 else { throw ModelError(path, "cannot be read: \(systemMessage(errno))") }
        if got == 0 { break }
        count += got
    }
    guard count <= descriptor.size else { throw ModelError(path, "grew while it was read; try again") }
    bytes.removeLast(bytes.count - count)
    return bytes
}

/// Opens a regular file for reading and tells its size in bytes; the caller closes it.
func openRegularFile(_ path: String) throws(ModelError) -> (number: Int32, size: Int) {
    // A String with a NUL in it would open another file than the one it names.
    guard !path.utf8.contains(0) else { throw ModelError(path, "is no path: it has a NUL character in it") }
    // Without O_NONBLOCK opening a FIFO waits until somebody writes to it.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw ModelError(path, "cannot be opened: \(systemMessage(errno))") }
    var facts = stat()
    guard fstat(descriptor, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else {
        close(descriptor)
        throw ModelError(path, "is not a regular file")
    }
    return (descriptor, Int(facts.st_size))
}

/// Whether something is at a path, whatever it is. What cannot be looked at counts as there: opening it gives the reason.
func exists(_ path: String) -> Bool { access(path, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR) }

/// What the C library calls an error number.
package func systemMessage(_ number: Int32) -> String {
    var text = [CChar](repeating: 0, count: 256)
    guard strerror_r(number, &text, text.count) == 0 else { return "error \(number)" }
    return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
}
