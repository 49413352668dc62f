import Glibc

/// CLOCK_MONOTONIC now, in microseconds: the clock of every `…_USEC` timestamp of sd_notify(3).
func monotonicMicroseconds() -> UInt64 {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return UInt64(now.tv_sec) * 1_000_000 + UInt64(now.tv_nsec) / 1_000
}

extension Duration {
    var wholeMicroseconds: Int64 {
        components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000
    }

    /// Milliseconds for poll(2), rounded up so that a short wait does not become a busy loop.
    var pollMilliseconds: Int32 {
        Int32(clamping: max(1, (wholeMicroseconds + 999) / 1_000))
    }

    /// As a person would say it: `41 s`, `2.5 s`, `180 ms`.
    var spoken: String {
        let milliseconds = wholeMicroseconds / 1_000
        if milliseconds < 1_000 { return "\(milliseconds) ms" }
        let tenths = milliseconds / 100
        return tenths < 100 && tenths % 10 != 0 ? "\(tenths / 10).\(tenths % 10) s" : "\(tenths / 10) s"
    }
}
