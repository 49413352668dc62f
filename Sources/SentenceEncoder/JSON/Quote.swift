/// A name from a file in quotation marks for an error, without what a file made to harm could put into a log: cut after
/// 80 characters, with control characters replaced.
func quote(_ text: String) -> String {
    var quoted = "'"
    var count = 0
    for scalar in text.unicodeScalars {
        if count == 80 { return quoted + "…'" }
        let isPrintable =
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: false
            default: true
            }
        quoted.unicodeScalars.append(isPrintable ? scalar : "\u{fffd}")
        count += 1
    }
    return quoted + "'"
}
