import Glibc

/// Seconds since 1970 by the machine's clock.
func unixTime() -> Int { time(nil) }
