import Glibc
import Testing

@testable import Systemd

struct CoreDumpsTests {
    @Test func noDumpIsAllowedAfterwards() async {
        await #expect(processExitsWith: .success) {
            #expect(CoreDumps.disable())
            var limit = rlimit()
            getrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit)
            #expect(limit.rlim_cur == 0 && limit.rlim_max == 0)
        }
    }
}
