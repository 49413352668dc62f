import CLibpq
import Glibc
import Synchronization

/// Says when sockets are ready, on one thread for all connections of the process.
///
/// Every interest is for one event and is renewed by whoever handled it (EPOLLONESHOT), and ends the moment it is
/// dropped, so a descriptor may be closed right after. libdispatch's sources were tried first: they report a hang-up
/// once and then never again, and now and then not at all when reading and writing are watched on the same socket, and
/// they have to be cancelled and waited for before a descriptor may be closed.
///
/// Source: epoll(7), epoll_ctl(2).
final class SocketEvents: Sendable {
    /// What a socket is waited for.
    struct Interest: OptionSet, Sendable {
        let rawValue: UInt32

        static let readable = Interest(rawValue: EPOLLIN.rawValue)
        static let writable = Interest(rawValue: EPOLLOUT.rawValue)
    }

    /// Names an interest; a new one each time, so that an event that was on its way to a former one finds nobody.
    private typealias Token = UInt64

    private struct State {
        var handlers: [Token: @Sendable () -> Void] = [:]
        var tokens: [Int32: Token] = [:]
        var lastToken: Token = 0
    }

    static let shared = SocketEvents()

    private let epoll: Int32
    private let state = Mutex(State())

    private init() {
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        precondition(epoll >= 0, "epoll_create1 failed: \(String(cString: strerror(errno)))")
        var thread = pthread_t()
        // The thread lives as long as the process, as this object does.
        let code = pthread_create(
            &thread, nil,
            { _ in
                SocketEvents.shared.loop()
                return nil
            }, nil)
        precondition(code == 0, "no thread for socket events: \(String(cString: strerror(code)))")
    }

    /// Calls `handler` once, on the events' own thread, when the socket is ready or its other end is gone.
    ///
    /// Replaces what was waited for on the descriptor before. The handler must return at once.
    func once(_ interest: Interest, on descriptor: Int32, _ handler: @escaping @Sendable () -> Void) {
        let token = state.withLock { state in
            state.lastToken += 1
            if let former = state.tokens.updateValue(state.lastToken, forKey: descriptor) {
                state.handlers[former] = nil
            }
            state.handlers[state.lastToken] = handler
            return state.lastToken
        }
        var event = epoll_event(
            events: interest.rawValue | EPOLLRDHUP.rawValue | EPOLLONESHOT.rawValue, data: epoll_data_t(u64: token))
        if epoll_ctl(epoll, EPOLL_CTL_MOD, descriptor, &event) == 0 { return }
        if errno == ENOENT, epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) == 0 { return }
        // No such socket any more: whoever reads it will find out why.
        fire(token)
    }

    /// Nobody waits on the descriptor any longer; it may be closed.
    func drop(_ descriptor: Int32) {
        state.withLock { state in
            if let token = state.tokens.removeValue(forKey: descriptor) { state.handlers[token] = nil }
        }
        epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, nil)
    }

    private func fire(_ token: Token) {
        state.withLock { $0.handlers.removeValue(forKey: token) }?()
    }

    private func loop() {
        var events = [epoll_event](repeating: epoll_event(), count: 64)
        while true {
            let count = epoll_wait(epoll, &events, Int32(events.count), -1)
            for event in events.prefix(max(0, Int(count))) { fire(event.data.u64) }
        }
    }
}
