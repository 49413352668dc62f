import NIOCore
import Projections
import Testing

@testable import Backfill
@testable import Console

/// What the console says of a map, as far as it is decided without a database.
@Suite struct ConsoleMapTests {
    private static func map(_ count: Int = 40) -> TableMap? {
        TableMap(
            of: (0..<count).map { number in
                let (x, y) = (Float(number % 7), Float(number % 3))
                return MapRow(
                    key: "\(number)", title: "A \"title\"", category: number == 0 ? nil : "jazz",
                    vector: [x, y, x + y, 1])
            })
    }

    @Test("A map is told as the contract has it; a table without one has no points")
    func tree() throws {
        let map = try #require(Self.map())
        let text = TableMaps.tree(of: map, "public.notes", rows: 1200).text
        #expect(text.hasPrefix(#"{"table":"public.notes","version":"\#(map.version)","explained":[0."#), "\(text)")
        #expect(text.contains(#""sampled":40,"rows":1200,"points":[{"key":"0","x":"#))
        #expect(text.contains(#""title":"A \"title\"","category":null}"#))
        #expect(text.contains(#""title":"A \"title\"","category":"jazz"}"#))
        let none = TableMaps.tree(of: nil, "public.notes", rows: 2).text
        #expect(
            none
                == #"{"table":"public.notes","version":"","explained":[0.0,0.0],"sampled":0,"rows":2,"points":[]}"#)
    }

    @Test("A map is made anew when rows came, not sooner than it costs little, and after a long while anyway")
    func freshness() throws {
        let now = ContinuousClock.now
        func isFresh(_ age: Duration, written: Int, took: Duration = .milliseconds(20), _ map: TableMap?) -> Bool {
            TableMaps.Made(map: map, body: ByteBuffer(), at: now - age, took: took, written: 100)
                .isFresh(now, written: written)
        }
        let map = try #require(Self.map())
        #expect(isFresh(.seconds(300), written: 100, map) && !isFresh(.seconds(601), written: 100, map))
        #expect(isFresh(.seconds(4), written: 101, map) && !isFresh(.seconds(6), written: 101, map))
        #expect(isFresh(.seconds(40), written: 101, took: .seconds(1), map))
        // A table that was empty has rows soon.
        #expect(isFresh(.milliseconds(500), written: 100, nil) && !isFresh(.seconds(2), written: 100, nil))
    }

    @Test("A place on the map has four digits, and none is null")
    func places() {
        #expect(JSONTree.point((0.123456, -1)).text == "[0.1235,-1.0]")
        #expect(JSONTree.point(nil).text == "null")
    }
}
