import Testing

@testable import backfilld

@Suite struct ConfigurationFirstVersionTests {
    private static let names = [
        "VITE_CODETTE_API", "CODETTE_API", "VITE_SUPABASE_URL", "SUPABASE_URL", "VITE_SUPABASE_ANON_KEY",
        "SUPABASE_ANON_KEY", "SUPABASE_SERVICE_ROLE_KEY", "FUNCTION_SECRET",
    ]

    @Test func `its names choose nothing`() throws {
        var environment = Dictionary(uniqueKeysWithValues: Self.names.map { ($0, "value-of-\($0)") })
        environment["DATABASE_URL"] = "postgres:///x"
        environment["BATCH_SIZE"] = "20"
        let settings = try ConfigurationFolder().load(environment, needsDatabase: true)
        #expect(settings.embedder == "local" && settings.batch.rows == 20)
        #expect(settings.firstVersion.codetteAPI?.value.reveal == "value-of-VITE_CODETTE_API")
        #expect(settings.firstVersion.supabaseURL?.value.reveal == "value-of-VITE_SUPABASE_URL")
        #expect(settings.firstVersion.supabaseKey?.value.reveal == "value-of-SUPABASE_SERVICE_ROLE_KEY")
        #expect(settings.firstVersion.functionSecret?.value.reveal == "value-of-FUNCTION_SECRET")
        #expect(settings.origins["FUNCTION_SECRET"]?.description == "environment FUNCTION_SECRET")
        #expect(!settings.lines.joined().contains("value-of"))
    }

    @Test func `the service role key is preferred wherever it is`() throws {
        let folder = ConfigurationFolder([".env": "SUPABASE_SERVICE_ROLE_KEY=role"])
        let settings = try folder.load(["VITE_SUPABASE_ANON_KEY": "anon"])
        #expect(settings.firstVersion.supabaseKey?.value.reveal == "role")
        let anon = try ConfigurationFolder().load(["VITE_SUPABASE_ANON_KEY": "v", "SUPABASE_ANON_KEY": "s"])
        #expect(anon.firstVersion.supabaseKey?.value.reveal == "v")
    }

    @Test(arguments: [("false", "supabase"), ("true", "codette"), ("False", "codette"), ("0", "codette")])
    func `USE_LOCAL_API chooses between the two endpoints`(value: String, embedder: String) throws {
        let folder = ConfigurationFolder([".env": "\nUSE_LOCAL_API=\(value)\nBACKFILLD_REMOTE_DIMENSION=384"])
        #expect(try folder.load().embedder == embedder)
    }

    @Test func `a named embedder is stronger than USE_LOCAL_API in a weaker place`() throws {
        let folder = ConfigurationFolder([".env": "USE_LOCAL_API=true"])
        #expect(try folder.load(["BACKFILLD_EMBEDDER": "hash"]).embedder == "hash")
        #expect(try folder.load(["USE_LOCAL_API": ""], options: ["embedder=hash"]).embedder == "hash")
    }

    @Test(arguments: ["codette", "supabase"])
    func `an endpoint of the first version does not say what its vectors are, so that the dimension must be given`(
        name: String
    ) throws {
        let error = ConfigurationFolder(["backfilld.toml": "embedder = \"\(name)\""]).failure()
        #expect(error.problems.count == 1)
        #expect(error.problems.first?.remedy?.contains("remote.dimension") == true)
        let folder = ConfigurationFolder(["backfilld.toml": "embedder = \"\(name)\"\n[remote]\ndimension = 384"])
        let remote = try #require(try folder.load().remote)
        #expect((remote.model, remote.dimension, remote.url) == ("unknown", 384, nil))
    }

    @Test(arguments: ["VITE_SUPABASE_URL", "SUPABASE_URL", "SUPABASE_ANON_KEY", "SUPABASE_SERVICE_ROLE_KEY"])
    func `Supabase without a database says where its address is found`(name: String) {
        let folder = ConfigurationFolder([".env.local": "\(name)=https://hunter2.supabase.co"])
        let error = folder.failure(needsDatabase: true)
        #expect(error.problems.count == 1)
        #expect(error.problems.first?.place == ".env.local, line 1")
        for part in ["Connect", "Session pooler", "5432", "6543", "DATABASE_URL"] {
            #expect(error.description.contains(part))
        }
        #expect(!error.description.contains("hunter2"))
    }

    @Test(arguments: ["PGHOST", "PGSERVICE", "PGDATABASE", "PGHOSTADDR"])
    func `one of libpq's variables is enough of a database`(name: String) throws {
        #expect(try ConfigurationFolder().load([name: "x"], needsDatabase: true).database.url == nil)
        #expect(try ConfigurationFolder([".env": "\(name)=x"]).load(needsDatabase: true).database.url == nil)
        #expect(ConfigurationFolder().failure([name: ""], needsDatabase: true).problems.count == 1)
    }
}
