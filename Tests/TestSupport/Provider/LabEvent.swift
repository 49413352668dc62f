import Foundation

/// What a daemon of the lab tells on its standard output: one JSON object a line.
public struct LabEvent: Codable, Sendable {
    /// What happened: `listening`, `lost`, `stage`, `embedded`, `batch`, `trouble`, `recovered`, `setAside`, `dying`, `stopping`,
    /// `ended`.
    public var event: String
    /// The stage that was reached.
    public var stage: String?
    /// What it is about: an error, a key.
    public var text: String?
    /// Rows that were written.
    public var written: Int?
    /// Texts that a right answer has arrived for.
    public var texts: [String]?
    /// The server process of the listener's session.
    public var backend: Int32?

    /// Something that happened.
    public init(
        _ event: String, stage: String? = nil, text: String? = nil, written: Int? = nil, texts: [String]? = nil,
        backend: Int32? = nil
    ) {
        self.event = event
        self.stage = stage
        self.text = text
        self.written = written
        self.texts = texts
        self.backend = backend
    }

    /// Reads a line; nil for any other line.
    public init?(line: String) {
        guard line.hasPrefix("{"), let event = try? JSONDecoder().decode(Self.self, from: Data(line.utf8)) else {
            return nil
        }
        self = event
    }

    /// The line.
    public var line: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return ((try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "{}") + "\n"
    }
}
