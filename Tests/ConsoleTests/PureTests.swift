import NIOCore
import Testing

@testable import Console

/// What decides without a socket.
@Suite struct ConsolePureTests {
    @Test("Addresses are read, and what is none is refused")
    func addresses() throws {
        #expect(try ListenAddress(parsing: "127.0.0.1:8787") == .tcp(host: "127.0.0.1", port: 8787))
        #expect(try ListenAddress(parsing: "localhost:1") == .tcp(host: "127.0.0.1", port: 1))
        #expect(try ListenAddress(parsing: "[::1]:8787") == .tcp(host: "::1", port: 8787))
        #expect(try ListenAddress(parsing: "unix:/run/x.sock") == .unix(path: "/run/x.sock"))
        #expect(try ListenAddress(parsing: "systemd") == .systemd)
        for text in [
            "", "8787", ":8787", "127.0.0.1", "127.0.0.1:", "127.0.0.1:70000", "example.com:80", "::1:80",
            "[1.2.3.4]:80",
            "unix:", "unix:run/x", "unix:/" + String(repeating: "x", count: 107), "*:80",
        ] {
            #expect(throws: ListenAddress.Fault.self, "\(text)") { try ListenAddress(parsing: text) }
        }
        let local = ["127.0.0.1:1", "127.8.8.8:1", "[::1]:1", "unix:/x"]
        #expect(try local.allSatisfy { try ListenAddress(parsing: $0).isLocal })
        #expect(try ["0.0.0.0:1", "[::]:1", "192.168.1.1:1"].allSatisfy { try !ListenAddress(parsing: $0).isLocal })
        for text in ["127.0.0.1:8787", "[::1]:8787", "unix:/run/x.sock", "systemd"] {
            #expect("\(try ListenAddress(parsing: text))" == text)
        }
    }

    @Test("Queries are decoded; a wrong escape and bytes that are no text are not")
    func queries() {
        let pairs = QueryText.parse("q=modal+jazz%20%C3%A4&filter.a=1&filter.a=2&x&=y")
        #expect(pairs?.map(\.name) == ["q", "filter.a", "filter.a", "x", ""])
        #expect(pairs?.map(\.value) == ["modal jazz ä", "1", "2", "", "y"])
        for text in ["q=%", "q=%4", "q=%zz", "q=%ff", "%c3=1"] { #expect(QueryText.parse(text[...]) == nil, "\(text)") }
    }

    @Test("A state without end has no deadline, and every other one has")
    func deadlines() {
        let limits = ConsoleLimits()
        let start = NIODeadline.now()
        var course = ConnectionCourse(limits, at: start)
        #expect(course.deadline == start + .seconds(5))
        passes(&course) { $0.head(length: 10, close: false, at: start + .seconds(1)) }
        #expect(course.deadline == start + .seconds(11))
        passes(&course) { $0.body(10) }
        passes(&course) { $0.end(at: start + .seconds(2)) }
        #expect(course.deadline == start + .seconds(62))
        course.answers(close: false)
        #expect(course.deadline == nil, "it streams")
        course.stalled(true, at: start + .seconds(3))
        #expect(course.deadline == start + .seconds(63))
        course.stalled(false, at: start + .seconds(4))
        var ends = course.answered(at: start + .seconds(5))
        #expect(!ends)
        #expect(course.deadline == start + .seconds(65))
        // Two at once: the second's body has its time from when the first is answered.
        passes(&course) { $0.head(length: nil, close: false, at: start + .seconds(6)) }
        passes(&course) { $0.end(at: start + .seconds(6)) }
        passes(&course) { $0.head(length: nil, close: true, at: start + .seconds(6)) }
        course.answers(close: false)
        _ = course.answered(at: start + .seconds(50))
        #expect(course.deadline == start + .seconds(60))
        passes(&course) { $0.end(at: start + .seconds(51)) }
        course.answers(close: false)
        ends = course.answered(at: start + .seconds(52))
        #expect(ends, "the last ends the connection")
    }

    @Test("A body that its answer did not wait for has no more time for that, and rests only when it is there")
    func earlyAnswer() {
        let start = NIODeadline.now()
        var course = ConnectionCourse(ConsoleLimits(), at: start)
        #expect(course.restsSince == start)
        passes(&course) { $0.head(length: 10, close: false, at: start + .seconds(1)) }
        course.answers(close: false)
        _ = course.answered(at: start + .seconds(2))
        #expect(course.deadline == start + .seconds(11) && course.restsSince == nil)
        passes(&course) { $0.body(5) }
        #expect(course.deadline == start + .seconds(11))
        passes(&course) { $0.end(at: start + .seconds(4)) }
        #expect(course.deadline == start + .seconds(64) && course.restsSince == start + .seconds(4))
    }

    @Test("Whoever sends nothing more is gone in a moment, also in the middle of a stream")
    func inputClosed() {
        let start = NIODeadline.now()
        var course = ConnectionCourse(ConsoleLimits(), at: start)
        passes(&course) { $0.head(length: nil, close: false, at: start) }
        passes(&course) { $0.end(at: start) }
        course.inputClosed(at: start + .seconds(2))
        #expect(course.deadline == start + .seconds(3))
        course.answers(close: false)
        #expect(course.deadline == start + .seconds(3))
        let ends = course.answered(at: start + .milliseconds(2500))
        #expect(ends)
    }

    @Test("A place is made by the connection that has rested longest")
    func roster() {
        final class Connection: Sendable {}
        let start = NIODeadline.now()
        let all = (0..<4).map { _ in Connection() }
        var roster = ConnectionRoster<Connection>(room: 2)
        func enter(_ number: Int) -> String {
            switch roster.enter(ObjectIdentifier(all[number]), all[number], at: start + .seconds(Int64(number))) {
            case .admitted: "admitted"
            case .instead(let other): "instead of \(all.firstIndex { $0 === other } ?? -1)"
            case .full: "full"
            }
        }
        #expect(enter(0) == "admitted" && enter(1) == "admitted")
        roster.rests(ObjectIdentifier(all[0]), since: start + .seconds(5))
        #expect(enter(2) == "instead of 1")
        roster.rests(ObjectIdentifier(all[0]), since: nil)
        roster.rests(ObjectIdentifier(all[2]), since: nil)
        #expect(enter(3) == "full")
        roster.leave(ObjectIdentifier(all[2]))
        #expect(enter(3) == "admitted" && roster.all.count == 2)
    }

    private func passes(_ course: inout ConnectionCourse, _ step: (inout ConnectionCourse) -> ConnectionCourse.Verdict)
    {
        let verdict = step(&course)
        #expect(verdict == .pass)
    }

    @Test("JSON is written with its escapes, and numbers that it has not as null")
    func json() {
        let tree: JSONTree = [
            "a": .string("\"\\\n\t\u{1}ä\u{7f}"), "b": [.null, true, 3, .number(0.5), .number(.nan)],
            "c": .floats([1, -0.25]),
        ]
        #expect(tree.text == #"{"a":"\"\\\n\t\u0001ä\u007f","b":[null,true,3,0.5,null],"c":[1.0,-0.25]}"#)
    }

    @Test(
        "base64 is RFC 4648's",
        arguments: [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")])
    func base64(plain: String, encoded: String) {
        #expect(Base64.encode(Array(plain.utf8)) == encoded)
    }
}
