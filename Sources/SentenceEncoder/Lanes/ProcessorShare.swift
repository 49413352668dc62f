import Glibc

/// How much of the machine's processors this process may use.
enum ProcessorShare {
    /// Processors that the process may run on at the same time: those of its affinity mask (sched_setaffinity(2),
    /// systemd's AllowedCPUs=), and no more than its control groups' quota (cpu.max, systemd's CPUQuota=) allows,
    /// rounded up; at least one.
    static var count: Int {
        let online = sysconf(Int32(_SC_NPROCESSORS_ONLN))
        let allowed = read("/proc/self/status").flatMap(processors(fromStatus:)) ?? online
        return max(1, min(allowed, quota ?? allowed))
    }

    /// Bits of the affinity mask in /proc/self/status, `Cpus_allowed:\tff,ffffffff`.
    static func processors(fromStatus text: String) -> Int? {
        let name = "Cpus_allowed:"
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix(name) }) else { return nil }
        let bits = line.dropFirst(name.count).reduce(0) { $0 + ($1.hexDigitValue?.nonzeroBitCount ?? 0) }
        return bits > 0 ? bits : nil
    }

    /// Processors by quota: the least of the process's control group and of those above it; nil without one.
    private static var quota: Int? {
        guard let own = read("/proc/self/cgroup"), var group = group(fromProcfs: own) else { return nil }
        var least: Int?
        while !group.isEmpty {
            if let text = read("/sys/fs/cgroup\(group)/cpu.max"), let count = processors(fromLimit: text) {
                least = min(least ?? count, count)
            }
            group = String(group[..<(group.lastIndex(of: "/") ?? group.startIndex)])
        }
        return least
    }

    /// The path of the process's group in the one hierarchy of control groups 2: `0::/system.slice/backfilld.service`.
    static func group(fromProcfs text: String) -> String? {
        text.split(separator: "\n").first { $0.hasPrefix("0::") }.map { String($0.dropFirst(3)) }
    }

    /// Processors of a `cpu.max`, "QUOTA PERIOD" in microseconds or "max PERIOD", rounded up; nil without a limit.
    static func processors(fromLimit text: String) -> Int? {
        let fields = text.split(whereSeparator: \.isWhitespace).map { Int($0) }
        guard fields.count == 2, let quota = fields[0], let period = fields[1], quota > 0, period > 0 else {
            return nil
        }
        return (quota - 1) / period + 1
    }

    private static func read(_ path: String) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = Glibc.read(file, &buffer, buffer.count)
        return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
    }
}
