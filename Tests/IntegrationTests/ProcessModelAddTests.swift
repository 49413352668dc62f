import Foundation
import TestSupport
import Testing

/// `backfilld model add`, from folders, archives and a web server of this machine.
@Suite(.serialized) struct ProcessModelAddTests {
    /// A folder with the tiny model as a folder of a hub, as tar and as zip.
    private static func shelf() async throws -> String {
        let folder = try temporaryFolder()
        try await RunningProcess.run(
            "bash",
            [
                "-euc",
                """
                mkdir -p org/tiny/resolve && cp -r "$1" org/tiny/resolve/main && cp -r "$1" packed
                tar -czf packed.tar.gz packed && tar -czf dot.tgz -C packed .
                python3 -m zipfile -c packed.zip packed && cp packed.zip packed.whl
                head -c 1000 packed.zip >cut.zip && head -c 1000 packed.tar.gz >cut.tar.gz
                mkdir empty && tar -czf empty.tar.gz empty
                cp -r packed broken && head -c 3000 packed/model.safetensors >broken/model.safetensors
                cp -r packed escaping && sed -i 's|1_Pooling|../x|' escaping/modules.json
                cp -r packed weightless && rm weightless/model.safetensors
                mkdir links && ln -s /etc/passwd links/config.json && cp packed/model.safetensors links
                tar -czf links.tar.gz links
                """, "bash", TestModel.tiny,
            ], directory: folder
        ).expect(.code(0))
        return folder
    }

    @Test("A folder, an archive of either kind, and their addresses give the same model")
    func sources() async throws {
        let (place, shelf) = (try ModelWorkplace(), try await Self.shelf())
        let server = try await FolderServer(shelf)
        let sources = [
            ("folder", "\(shelf)/packed"), ("tar", "\(shelf)/packed.tar.gz"), ("dot", "\(shelf)/dot.tgz"),
            ("zip", "\(shelf)/packed.zip"), ("web-folder", "\(server.address)/packed/"),
            ("web-tar", "\(server.address)/packed.tar.gz"), ("web-wheel", "\(server.address)/packed.whl?x=1"),
        ]
        for (name, source) in sources {
            try await place.run("model", "add", source, "--name", name).expect(
                .code(0), "\(place.folder)/models/\(name): 32 dimensions, 2 layers")
        }
        try await place.run("model", "add", "org/tiny", environment: ["HF_ENDPOINT": server.address + "/"])
            .expect(.code(0), "/models/tiny: 32 dimensions")
        #expect(try place.names("models") == (sources.map(\.0) + ["tiny"]).sorted())
        for name in try place.names("models") {
            let difference = try await RunningProcess.run(
                "diff", ["-r", "\(place.folder)/models/\(name)", TestModel.tiny])
            difference.expect(.code(0))
        }
    }

    @Test("One that is there stays, unless it is to be replaced")
    func force() async throws {
        let (place, shelf) = (try ModelWorkplace(), try await Self.shelf())
        try await place.run("model", "add", "\(shelf)/packed", "--to", "here").expect(
            .code(0), "local.model = \"./here/packed\"")
        try await place.run("model", "add", "\(shelf)/packed", "--to", "here").expect(
            .code(73), "here/packed is there already", "--force")
        try await place.run("model", "add", "\(shelf)/packed", "--to", "here", "--force").expect(.code(0))
        #expect(try place.names("here") == ["packed"])
    }

    @Test("What is damaged or no model at all is refused, and nothing is left of it")
    func refusals() async throws {
        let (place, shelf) = (try ModelWorkplace(), try await Self.shelf())
        let server = try await FolderServer(shelf)
        for (source, code, words) in [
            ("\(shelf)/broken", 78, "broken/model.safetensors: "), ("\(shelf)/escaping", 78, "leads out"),
            ("\(server.address)/escaping", 65, "modules.json names paths that are not taken"),
            ("\(server.address)/broken", 78, "\(server.address)/broken/model.safetensors: "),
            ("\(server.address)/weightless", 66, "has no model.safetensors"),
            ("\(server.address)/nothing", 66, "nothing has no config.json"),
            ("\(server.address)/nothing.zip", 66, "there is nothing at"),
            ("http://127.0.0.1:1/x", 69, "cannot fetch http://127.0.0.1:1/x/modules.json"),
            ("\(shelf)/cut.zip", 65, "cannot be unpacked"), ("\(shelf)/cut.tar.gz", 65, "cannot be unpacked"),
            ("\(shelf)/empty.tar.gz", 65, "no model's folder in it"),
            ("\(shelf)/empty", 78, "not the folder of a model"),
            ("\(shelf)/packed/config.json", 65, "neither a folder nor an archive"),
            ("nonsense", 66, "no name of a model"),
            // A link in an archive is no file that could be shown.
            ("\(shelf)/links.tar.gz", 78, "config.json"),
        ] as [(String, Int32, String)] {
            try await place.run("model", "add", source, "--name", "bad").expect(.code(code), words)
            #expect((try? place.names("models")) ?? [] == [], "\(source)")
        }
        try await place.run("model", "add", "\(shelf)/packed", "--name", "../x").expect(
            .code(65), "can be no model's name")
    }

    @Test("Without unzip python3 reads a zip; without curl the message says what to install")
    func tools() async throws {
        let (place, shelf) = (try ModelWorkplace(), try await Self.shelf())
        let programs = try temporaryFolder()
        try await RunningProcess.run("ln", ["-s", "/usr/bin/python3", programs]).expect(.code(0))
        let path = ["PATH": programs]
        try await place.run("model", "add", "\(shelf)/packed.zip", environment: path).expect(.code(0), "32 dimensions")
        try await place.run("model", "add", "\(shelf)/packed.tar.gz", "--name", "t", environment: path).expect(
            .code(69), "the program tar is not here", "apt install tar")
        try await place.run("model", "add", "http://127.0.0.1:1/x", "--name", "t", environment: path).expect(
            .code(69), "the program curl is not here", "apt install curl")
    }
}
