import Glibc

/// The wall clock's local time so long ago, `14:02:11`.
func timeOfDay(_ ago: Duration) -> String {
    var seconds = time(nil) - Int(ago.components.seconds)
    var parts = tm()
    localtime_r(&seconds, &parts)
    return [parts.tm_hour, parts.tm_min, parts.tm_sec].map { ($0 < 10 ? "0" : "") + "\($0)" }.joined(separator: ":")
}
