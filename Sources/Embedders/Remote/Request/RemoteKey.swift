/// A provider's key, which shows itself to nobody.
package struct RemoteKey: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The key itself, for the request.
    package let secret: String

    /// Takes a key as it stands in a file or a variable, with white space around it.
    package init(_ text: String, setting: String = "remote.key") throws(RemoteSettingError) {
        let scalars = text.unicodeScalars
        guard let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
            let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
        else { throw RemoteSettingError(setting, "is empty") }
        secret = String(scalars[first...last])
        // What can't stand in a field of HTTP would be refused later, in an error that quotes it.
        guard secret.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            throw RemoteSettingError(
                setting, "has white space or a character that is not ASCII in it, which no key has; is it one line?")
        }
    }

    /// `the key …ab12`; of a short one no character.
    package var description: String {
        secret.utf8.count < 12 ? "the key" : "the key …\(secret.suffix(4))"
    }

    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// Asks with the present key, and once more where that was refused and is not the present one any more: a key that is
/// changed while a request is on its way is not to be told as refused.
func withLatestKey<Answer>(
    _ present: () -> RemoteKey?, _ ask: (RemoteKey?) async throws -> Answer
) async throws -> Answer {
    let key = present()
    do {
        return try await ask(key)
    } catch ServiceFailure.denied(let reason) {
        let later = present()
        guard later != key else { throw ServiceFailure.denied(reason) }
        return try await ask(later)
    }
}
