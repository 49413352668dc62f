import Foundation
import TestSupport
import Testing

/// The machine of a reader who follows a page: root under a real systemd, with the program, its default model, its units
/// and psql, and a server that is called db.example.com there.
struct DocumentationHost: OnSystemd {
    let machine: SystemdMachine
    private let server: PostgresServer

    /// What the pages call the password of the service's role.
    private static let password = "PASSWORD"
    private static let folder = "/usr/local/lib/documentation"

    /// Runs `body` on a machine on which is what the page starts with.
    static func with(
        _ start: DocumentationPage.Start, isolation: isolated (any Actor)? = #isolation,
        _ body: (DocumentationHost) async throws -> Void
    ) async throws {
        let authentication = """
            local all all trust
            host all owner,postgres 127.0.0.1/32 trust
            host all all 127.0.0.1/32 scram-sha-256

            """
        try await PostgresServer.with(.pg18WithPgvector, authentication: authentication) { server in
            try await server.psql("CREATE ROLE owner LOGIN CREATEROLE IN ROLE pg_signal_backend")
            try await server.psql("CREATE DATABASE music OWNER owner")
            let host = try await DocumentationHost(server)
            try await host.prepare(start)
            try await body(host)
            try await host.powerOff()
        }
    }

    private init(_ server: PostgresServer) async throws {
        self.server = server
        machine = try await SystemdMachine([
            "--bind-ro", "\(try builtBinary("backfilld")):/usr/bin/backfilld",
            "--bind-ro", "\(TestModel.miniLM):/usr/share/backfilld/models/all-MiniLM-L6-v2",
            "--bind-ro", "\(repositoryRoot)/systemd/examples:/usr/share/doc/backfilld/examples",
            "--units", "\(repositoryRoot)/systemd",
        ])
    }

    private func prepare(_ start: DocumentationPage.Start) async throws {
        func write(_ text: String, to path: String) async throws {
            try await sh("mkdir -p $(dirname \(path)) && cat >\(path)", input: text)
        }
        func copy(_ file: String, to path: String) async throws {
            try await write(try String(contentsOfFile: "\(repositoryRoot)/\(file)", encoding: .utf8), to: path)
        }
        try await write("127.0.0.1 localhost db.example.com\n", to: "/etc/hosts")
        try await write("#!/bin/sh\nexec \"$@\"\n", to: "\(Self.folder)/sudo")
        try await write(
            """
            export PATH=\(Self.folder):\(try server.flavour.binDirectory()):$PATH HOME=/root PGPORT=\(server.port)
            export PAGER=cat SYSTEMD_COLORS=0
            cd /root
            if [ -e .exported ]; then . ./.exported; fi
            trap 'export -p >/root/.exported' EXIT
            set -euo pipefail

            """, to: "\(Self.folder)/reader")
        for unit in ["backfilld", "backfilld@"] {
            try await write(
                "[Service]\nEnvironment=PGPORT=\(server.port)\n",
                to: "/etc/systemd/system/\(unit).service.d/port.conf")
        }
        try await copy("config/backfilld.toml", to: "/etc/backfilld/backfilld.toml")
        try await copy("systemd/backfilld.catalog", to: "/usr/lib/systemd/catalog/backfilld.catalog")
        try await sh(
            "chmod 755 \(Self.folder)/sudo; mkdir -p /root; journalctl --update-catalog; systemctl daemon-reload")
        if start == .nothing { return }
        try await server.psql("CREATE EXTENSION vector", database: "music")
        try await read("export DATABASE_URL=postgresql://owner@db.example.com/music")
        for file in ["schema", "rows"] {
            let sql = try String(contentsOfFile: "\(repositoryRoot)/demo/\(file).sql", encoding: .utf8)
            try await read("psql -X -q -v ON_ERROR_STOP=1 \"$DATABASE_URL\"", input: sql)
        }
        if start == .table { return }
        let address = "postgresql://backfilld:\(Self.password)@db.example.com/music"
        try await read(
            """
            psql -X -q "$DATABASE_URL" -c "CREATE ROLE backfilld LOGIN PASSWORD '\(Self.password)'"
            backfilld setup --role backfilld
            install -d -m 700 /etc/credstore
            echo '\(address)' | install -m 600 /dev/stdin /etc/credstore/backfilld.database-url
            systemctl start backfilld || { journalctl -u backfilld -o cat; exit 1; }
            backfilld wait --timeout 5min
            """)
    }

    /// Runs commands as the reader, in a shell that goes on where the last one ended; returns what they wrote.
    @discardableResult
    func read(
        _ commands: String, input: String? = nil, exit: ProcessExit = .code(0),
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> String {
        try await sh(
            ". \(Self.folder)/reader\n\(commands)", input: input, exit: exit, sourceLocation: sourceLocation)
    }
}
