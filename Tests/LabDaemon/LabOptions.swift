import Backfill
import LabClock

/// The command line: `lab-daemon --conninfo … --provider PORT --name NAME --table TABLE …`, all as `--option value`.
struct LabOptions {
    /// Where the database is.
    var conninfo = ""
    /// The provider's port.
    var provider = 0
    /// What the provider and `backfilld.activity` know this process as.
    var name = "lab"
    /// Tables of the schema public with columns `id`, `topic` and `embedding`.
    var tables: [String] = []
    /// Components of a vector.
    var dimension = 8
    /// Sessions for reading and writing.
    var connections = 4
    /// How long the provider may take.
    var patience = Duration.seconds(2)
    var pipeline = PipelineSettings()
    var listener = ListenerSettings()
    /// What it does to itself, and when.
    var dieAt: Appointment?
    var stopAt: Appointment?

    /// The n-th time that a stage is reached.
    struct Appointment {
        let stage: String
        let occurrence: Int

        /// `embedded:3`
        init?(_ text: String) {
            let parts = text.split(separator: ":")
            guard parts.count == 2, let occurrence = Int(parts[1]) else { return nil }
            stage = String(parts[0])
            self.occurrence = occurrence
        }
    }

    /// Reads the command line; the text is what is wrong with it.
    init(_ arguments: some Collection<String>) throws(Refusal) {
        listener.heartbeat = .seconds(1)
        listener.deadline = .seconds(2)
        listener.reconnectFirst = .milliseconds(100)
        listener.reconnectLongest = .milliseconds(500)
        pipeline.retry = RetrySettings(first: .milliseconds(100), longest: .milliseconds(500), attempts: 3)
        var rest = ArraySlice(Array(arguments))
        while let option = rest.popFirst() {
            guard let value = rest.popFirst() else { throw Refusal("\(option) needs a value") }
            try take(option, value)
        }
        if conninfo.isEmpty || provider == 0 || tables.isEmpty {
            throw Refusal("--conninfo, --provider and --table are needed")
        }
    }

    /// A command line that is wrong.
    struct Refusal: Error {
        let text: String
        init(_ text: String) { self.text = text }
    }

    private mutating func take(_ option: String, _ value: String) throws(Refusal) {
        func number() throws(Refusal) -> Int {
            guard let number = Int(value) else { throw Refusal("\(option) needs a number") }
            return number
        }
        switch option {
        case "--conninfo": conninfo = value
        case "--name": name = value
        case "--clock": lab_clock_follow(value)
        case "--table": tables.append(value)
        case "--provider": provider = try number()
        case "--dimension": dimension = try number()
        case "--connections": connections = try number()
        case "--patience-ms": patience = .milliseconds(try number())
        case "--heartbeat-ms": listener.heartbeat = .milliseconds(try number())
        case "--deadline-ms": listener.deadline = .milliseconds(try number())
        case "--rows":
            pipeline.rows = try number()
            pipeline.backlogRows = pipeline.rows
        case "--in-flight": pipeline.inFlight = try number()
        case "--page": pipeline.page = try number()
        case "--die-at", "--stop-at":
            guard let appointment = Appointment(value) else { throw Refusal("\(option) STAGE:N") }
            if option == "--die-at" { dieAt = appointment } else { stopAt = appointment }
        default: throw Refusal("unknown option \(option)")
        }
    }
}
