import Glibc
import Synchronization
import TestSupport

/// Tells what happens on standard output, and ends or stops the process at the stage that was asked for, or on SIGTERM.
final class Stages: Sendable {
    private let dieAt: LabOptions.Appointment?
    private let stopAt: LabOptions.Appointment?
    private let counts = Mutex<[String: Int]>([:])
    /// What SIGTERM does; nil until there is a daemon to end.
    private let stop = Mutex<(@Sendable () -> Void)?>(nil)

    init(_ options: LabOptions) {
        dieAt = options.dieAt
        stopAt = options.stopAt
    }

    /// Writes a line at once: nothing of it is lost when the process is killed.
    func tell(_ event: LabEvent) {
        let line = event.line
        _ = write(STDOUT_FILENO, line, line.utf8.count)
    }

    /// From now on SIGTERM does this.
    func onTermination(_ body: @escaping @Sendable () -> Void) { stop.withLock { $0 = body } }

    /// SIGTERM came.
    func terminate() {
        guard let stop = stop.withLock(\.self) else { exit(0) }
        stop()
    }

    /// A stage of the pipeline was reached.
    func reached(_ stage: String) {
        let count = counts.withLock { counts in
            counts[stage, default: 0] += 1
            return counts[stage]!
        }
        if let dieAt, dieAt.stage == stage, dieAt.occurrence == count {
            tell(LabEvent("dying", stage: stage))
            kill(getpid(), SIGKILL)
        }
        if let stopAt, stopAt.stage == stage, stopAt.occurrence == count {
            tell(LabEvent("stopping", stage: stage))
            kill(getpid(), SIGSTOP)
        }
    }
}
