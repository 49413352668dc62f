/// How rows and batches that failed are tried again.
package struct RetrySettings: Sendable, Hashable {
    /// The wait after the first failure, doubled with each further one.
    package var first: Duration
    /// The longest wait.
    package var longest: Duration
    /// After so many failures a row is set aside: reported, and left until its text changes or somebody asks for it.
    package var attempts: Int

    /// Describes retries.
    package init(first: Duration = .seconds(5), longest: Duration = .seconds(300), attempts: Int = 5) {
        self.first = first
        self.longest = longest
        self.attempts = attempts
    }
}
