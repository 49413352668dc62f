import ArgumentParser
import FoundationEssentials
import SentenceEncoder

/// `backfilld model check`.
struct ModelCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Recompute reference texts with a model, and tell how near it comes.",
        discussion: """
            For the default model the reference is what sentence-transformers gives, built in; for any other it is the \
            model's own fp32, against which the precisions of this processor are held. Ends with 70 where a cosine is \
            below 0.999 (fp32, bf16) or 0.98 (int8): then the vectors are not to be relied on.
            """)

    @OptionGroup var options: SettingOptions

    @Argument(help: "The model: a name, or the path of a folder with a \"/\" in it. The configured one without it.")
    var model: String?

    @Flag(help: "Print JSON.")
    var json = false

    private struct Report: Encodable {
        let model: String
        let path: String
        let reference: String
        let results: [ModelCheckup.Result]
    }

    func run() async throws {
        let name = try model ?? options.settings(needsDatabase: false).local.model
        var report: Report?
        try await reportingFailures {
            let checkup = try ModelCheckup(path: ModelPlaces.ofThisProcess.path(of: name))
            report = Report(
                model: checkup.folder.name, path: checkup.path,
                reference: checkup.hasReference ? "sentence-transformers" : "fp32",
                results: try await checkup.results())
        }
        guard let report else { return }
        try show(report)
        if !report.results.allSatisfy(\.isRight) { throw Failure.software }
    }

    private func show(_ report: Report) throws {
        guard !json else {
            return print(try printedJSON(report))
        }
        print("\(report.model) in \(report.path), against \(report.reference):")
        for result in report.results {
            let name = result.precision + String(repeating: " ", count: max(0, 5 - result.precision.count))
            guard let lowest = result.lowestCosine, let mean = result.meanCosine else {
                print("  \(name)  \(result.problem ?? "not computed")")
                continue
            }
            let verdict = result.isRight ? "right" : "WRONG: at least \(result.threshold) is needed"
            print(
                "  \(name)  cosine \(Self.digits(lowest)) lowest, \(Self.digits(mean)) mean; largest difference "
                    + "\(Self.digits(result.largestDifference ?? 0)); \(verdict)")
        }
    }

    /// With six digits after the point.
    private static func digits(_ number: Double) -> String {
        let millionths = Int((number * 1e6).rounded())
        let fraction = String(abs(millionths) % 1_000_000)
        return (millionths < 0 ? "-" : "") + "\(abs(millionths) / 1_000_000)."
            + String(repeating: "0", count: 6 - fraction.count) + fraction
    }
}
