/// A setting that a provider can't be asked with; nothing was sent.
package struct RemoteSettingError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Its name, such as `remote.url`.
    package let setting: String
    /// What is wrong with it and what to do, without a secret.
    package let problem: String

    package init(_ setting: String, _ problem: String) {
        self.setting = setting
        self.problem = problem
    }

    /// `SETTING: PROBLEM`.
    package var description: String { "\(setting): \(problem)" }
}
