import FoundationEssentials
import Glibc
import TestSupport
import Testing

@testable import backfilld

@Suite struct ConfigurationSecretsTests {
    private static let secret = "hunter2"

    /// Everything a person or a program can get to see of settings.
    private func outputs(_ settings: Settings) throws -> String {
        var dumped = ""
        dump(settings, to: &dumped)
        let report = try JSONEncoder().encode(ConfigurationReport(settings))
        return settings.lines.joined(separator: "\n") + settings.warnings.joined() + "\(settings.database)"
            + "\(settings.firstVersion)" + String(decoding: report, as: UTF8.self)
            + "\(settings.database.parameters) \(String(reflecting: settings.database))"
    }

    @Test func `secrets in their right places never show`() throws {
        let secret = Self.secret
        let urls = [
            "postgres://u:\(secret)@h/d", "postgres://h/d?password=\(secret)", "host=h password=\(secret)",
            "host=h sslpassword='\(secret)'", "postgres://u:%68unter2@h/d?oauth_client_secret=\(secret)",
        ]
        for url in urls {
            let folder = ConfigurationFolder([
                "backfilld.toml": "[database]\nurl = \"\(url)\"\npassword = \"\(secret)\"",
                ".env": "PGPASSWORD=\(secret)\nDATABASE_URL=\(url)\nFUNCTION_SECRET=\(secret)",
                ".env.local": "SUPABASE_ANON_KEY=\(secret)\nVITE_CODETTE_API=http://u:\(secret)@h",
                "database-password": secret,
            ])
            for environment in [[:], ["DATABASE_URL": url, "PGPASSWORD": secret, "SUPABASE_SERVICE_ROLE_KEY": secret]] {
                for credentials in [false, true] {
                    let settings = try folder.load(environment, credentials: credentials)
                    #expect(!(try outputs(settings)).contains(secret))
                    #expect(settings.database.password?.reveal == secret)
                }
            }
        }
    }

    @Test(arguments: [
        "[database]\nurl = hunter2", "[database]\nurl = \"postgres://u:hunter2@h", "[database]\npassword = hunter2",
        "database = \"postgres://u:hunter2@h/d\"", "hunter2@x = 1", "\"postgres://u:hunter2@h/d\" = 1",
        "[database]\n\"url hunter2\" = 1", "[database]\nurl = [\"hunter2\"]", "[database]\nurl = {hunter2 = 1}x",
        "[database]\nurl = \"postgres://u:p@hunter2@h/d\"", "[database]\nurl = \"hunter2\"",
        "[database]\nurl = \"postgres://u:hunter2\"", "[database]\nurl = \"host=h password=x hunter2\"",
        "[database]\npassword = \"hunter2\\u0000\"", "[batch]\nrows = \"hunter2\"", "[batch]\nrows = [hunter2]",
        "[database]\npasword = \"hunter2\"", "[[database]]\npassword = \"hunter2\"", "tables = \"hunter2\"",
        "[database]\npassword = \"hunter2\"\npassword = \"hunter2\"", "[database.password]\n\"#hunter2\" = 1",
    ])
    func `secrets in wrong places of the file never show`(text: String) {
        let error = ConfigurationFolder(["backfilld.toml": text]).failure(needsDatabase: true)
        #expect(!error.problems.isEmpty)
        #expect(!error.description.contains(Self.secret), "\(error)")
        #expect(!"\(error.problems)".contains(Self.secret))
    }

    @Test func `secrets in wrong places elsewhere never show`() {
        let secret = Self.secret
        let folder = ConfigurationFolder([
            ".env": "BACKFILLD_DATABASE_PASWORD=\(secret)\n\(secret)\nDATABASE_URL=\"\(secret)\nexport \(secret) x",
            "database-url": "\(secret)", "database-password": "\0\(secret)", "unknown": secret,
        ])
        let error = folder.failure(
            ["BACKFILLD_DATABASE_URL": secret, "BACKFILLD_DATABASE_PASSWORT": secret],
            options: ["database.password=\(secret)", secret, "\(secret)@x=1"], credentials: true, needsDatabase: true)
        #expect(error.problems.count >= 6, "\(error)")
        #expect(!error.description.contains(secret), "\(error)")
    }

    @Test func `no mutation of the files makes a secret show`() {
        let secret = Self.secret
        let toml = """
            [database]
            url = "postgres://u:\(secret)@h/d?sslpassword=\(secret)"
            password = "\(secret)"
            [batch]
            rows = 5
            [table]
            columns = ["topic"]
            """
        let dotEnv = """
            # comment
            BACKFILLD_DATABASE_URL="host=h password='\(secret)'"
            PGPASSWORD='\(secret)'
            export FUNCTION_SECRET=\(secret)
            BACKFILLD_BATCH_ROWS=6
            """
        var random = SeededRandom(seed: 7)
        func mutated(_ text: String) -> String {
            var bytes = Array(text.utf8)
            for _ in 0..<Int.random(in: 0...4, using: &random) {
                let at = Int.random(in: 0..<bytes.count, using: &random)
                let byte = Array("\"'=[]{}.#\n\\:/?@ \0x".utf8).randomElement(using: &random) ?? 0
                if Bool.random(using: &random) { bytes[at] = byte } else { bytes.insert(byte, at: at) }
            }
            return String(decoding: bytes, as: UTF8.self)
        }
        let folder = ConfigurationFolder()
        for _ in 0..<10_000 {
            let (file, variables) = (mutated(toml), mutated(dotEnv))
            folder.write("backfilld.toml", file)
            folder.write(".env", variables)
            var shown: String
            do throws(ConfigurationError) {
                let settings = try folder.load(needsDatabase: true)
                shown = settings.lines.joined(separator: "\n") + settings.warnings.joined()
            } catch {
                shown = error.description
            }
            // A mutated address may truly say that this is the name of the user; that is shown.
            shown = shown.split(separator: "\(secret)@").joined()
            #expect(!shown.contains(secret), "\(shown)\n--\n\(file)\n--\n\(variables)")
        }
    }

    @Test func `a secret shows itself only when asked`() {
        let secret = Secret(Self.secret)
        #expect("\(secret) \(String(reflecting: secret)) \([secret])".contains(Self.secret) == false)
        #expect(secret.reveal == Self.secret)
    }

    @Test func `messages stay on their line`() {
        #expect(quoted("a\u{1B}[31m\nb\u{202E}") == "\"a\\u{1b}[31m\\u{a}b\\u{202e}\"")
        #expect(quoted(String(repeating: "x", count: 100)).count == 63)
        #expect(quotedName("batch.rows") == "\"batch.rows\"")
        #expect(quotedName("a b").contains("a b") == false)
    }
}
