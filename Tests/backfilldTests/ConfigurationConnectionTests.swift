import TestSupport
import Testing

@testable import backfilld

@Suite struct ConfigurationConnectionTests {
    @Test(arguments: [
        ("postgres://u:p@h:5433/d", "postgresql://u@h:5433/d"),
        ("postgresql://u@h/d?sslmode=require&password=p", "postgresql://u@h/d?sslmode=require"),
        ("postgresql:///d?host=/run/x&user=u&sslpassword=p", "postgresql://u@/run/x/d"),
        ("postgresql://u:p@a:1,b:2/d", "postgresql://u@a:1,b:2/d"),
        ("postgresql://u:p@[::1]:5432/d", "postgresql://u@[::1]:5432/d"),
        ("postgresql://u:p%40%2F%3A@h/d", "postgresql://u@h/d"),
        ("postgresql://u:a?b@h/d", "postgresql://u@h/d"),
        ("postgresql://%75%73er:p@h/d", "postgresql://user@h/d"),
        ("postgresql://", "postgresql:///"),
        (
            "postgresql://postgres.ref:p@aws-0-eu.pooler.supabase.com:5432/postgres",
            "postgresql://postgres.ref@aws-0-eu.pooler.supabase.com:5432/postgres"
        ),
        ("host=h port=5433 dbname=d user=u password=p", "host=h port=5433 dbname=d user=u"),
        ("host = h password = 'a \\' b' user=u", "host=h user=u"),
        ("host=h password=a\\ b user=u sslpassword=p service=s", "host=h user=u service=s"),
        ("service=prod", "service=prod"),
        ("host=h nonsense=p", "<redacted>"),
        ("postgres://u:12/s=e@h", "<redacted>"),
        ("postgres://h/d?passwrod=p", "<redacted>"),
        ("host='my host' user=u", "<redacted>"),
    ])
    func `an address is shown without its password`(text: String, shown: String) {
        #expect(ConnectionText.shown(text) == shown)
    }

    @Test(arguments: [
        "postgres://u:p@ss@h/d", "postgres://u:p/ss@h/d", "postgres://u:p%zz@h/d", "postgres://u:p%00@h/d",
        "postgres://u:ss", "postgres://h:99999/d", "postgres://h/d?password", "postgres://h/d?a=b=c",
        "host=h pass word=x",
        "host=h password='p", "host=h =p", "jdbc:postgresql://h/d", "postgresql+asyncpg://h/d", "https://x.supabase.co",
        "hunter2", "", "mysql://u:p@h/d?x=y", "host=h password=my secret=x", "postgres://h/d?passwrod=p",
    ])
    func `what libpq would quote in its refusal is refused before`(text: String) {
        #expect(throws: ConnectionText.Fault.self) { try ConnectionText(text) }
        #expect(ConnectionText.shown(text) == Secret.mask)
    }

    @Test func `no random password shows, however it is written`() {
        var random = SeededRandom(seed: 6)
        let alphabet = Array("aZ9@/:?#%&='\" \\,[]+.é\u{301}$")
        for _ in 0..<20_000 {
            let secret = "zq" + String((0..<8).map { _ in alphabet.randomElement(using: &random) ?? "a" }) + "qz"
            let encoded = secret.utf8.map { byte in
                "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }.joined()
            let escaped = secret.reduce(into: "") { $0 += $1 == "'" || $1 == "\\" ? "\\\($1)" : String($1) }
            let texts = [
                "postgres://user:\(secret)@host/db", "postgres://user:\(encoded)@host/db",
                "postgres://host/db?password=\(encoded)&user=user",
                "postgres://host/db?user=user&sslpassword=\(secret)",
                "host=host user=user password='\(escaped)'", "host=host user=user password=\(secret)",
                "user=user password = \(secret) host=host",
            ]
            for text in texts {
                let shown = ConnectionText.shown(text)
                // Of a password with a = and blanks in it libpq itself makes other parameters.
                #expect(!shown.contains("zq") && !shown.contains("qz"), "\(text) is shown as \(shown)")
            }
        }
    }

    @Test func `parameters are handed on in libpq's order of strength`() throws {
        let folder = ConfigurationFolder([
            ".env": "PGHOST=elsewhere\nPGUSER=u\nPGDATABASE=d\nPGPASSWORD=weak\nPGSERVICEFILE=x",
            ".env.local": "PGUSER=local",
        ])
        func parameters(_ environment: [String: String]) throws -> [String] {
            try folder.load(environment, needsDatabase: true).database.parameters.map {
                "\($0.keyword)=\($0.value.reveal)"
            }
        }
        #expect(
            try parameters(["PGHOST": "here"])
                == ["dbname=d", "password=weak", "user=local", "fallback_application_name=backfilld"])
        #expect(
            try parameters([
                "DATABASE_URL": "postgres://x/y", "BACKFILLD_DATABASE_PASSWORD": "strong",
                "BACKFILLD_DATABASE_APPLICATION_NAME": "me",
            ]) == [
                "host=elsewhere", "password=weak", "user=local", "dbname=postgres://x/y", "password=strong",
                "application_name=me",
            ])
        #expect(
            try parameters(["DATABASE_URL": "host=x"]).suffix(3)
                == ["dbname=host=x", "dbname=d", "fallback_application_name=backfilld"])
        let settings = try folder.load()
        #expect(settings.warnings.count == 1 && settings.warnings[0].contains("PGSERVICEFILE"))
        #expect(!settings.lines.joined().contains("weak"))
        #expect(settings.origins["PGUSER"]?.description == ".env.local, line 1")
    }

    @Test func `a transaction pooler is warned of`() throws {
        let url = "postgres://u:p@aws-0-eu.pooler.supabase.com:6543/postgres"
        let warnings = try ConfigurationFolder().load(["DATABASE_URL": url]).warnings
        #expect(warnings.count == 1 && warnings[0].contains("environment DATABASE_URL"))
        #expect(warnings[0].contains("5432"))
    }
}
