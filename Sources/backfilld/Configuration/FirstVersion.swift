/// What the first version of this system was told by its variables.
///
/// They still count: BATCH_SIZE sets `batch.rows` and USE_LOCAL_API the embedder, as its other
/// variables do. Those here are for the two endpoints of the first version and choose nothing.
/// The addresses are kept as secrets too, since one may have a password in it.
struct FirstVersion: Sendable {
    /// VITE_CODETTE_API or CODETTE_API: the base address of the local endpoint.
    let codetteAPI: Sourced<Secret>?
    /// VITE_SUPABASE_URL or SUPABASE_URL.
    let supabaseURL: Sourced<Secret>?
    /// SUPABASE_SERVICE_ROLE_KEY, else VITE_SUPABASE_ANON_KEY or SUPABASE_ANON_KEY.
    let supabaseKey: Sourced<Secret>?
    /// FUNCTION_SECRET.
    let functionSecret: Sourced<Secret>?
    /// The variables of these that are set, for `backfilld config`.
    let variables: [(name: String, origin: Origin)]

    /// Reads them from sets of variables, the strongest first.
    init(_ sources: [TextProvider.Variables]) {
        func first(_ names: [String]) -> Sourced<String>? {
            // The better name wins over the better place: a service role key in .env over an anon key anywhere.
            for name in names {
                for source in sources {
                    if let given = source[name], !given.value.isEmpty { return given }
                }
            }
            return nil
        }
        func secret(_ names: [String]) -> Sourced<Secret>? {
            first(names).map { Sourced(value: Secret($0.value), origin: $0.origin) }
        }
        codetteAPI = secret(["VITE_CODETTE_API", "CODETTE_API"])
        supabaseURL = secret(["VITE_SUPABASE_URL", "SUPABASE_URL"])
        supabaseKey = secret(["SUPABASE_SERVICE_ROLE_KEY", "VITE_SUPABASE_ANON_KEY", "SUPABASE_ANON_KEY"])
        functionSecret = secret(["FUNCTION_SECRET"])
        variables = Self.names.compactMap { name in first([name]).map { (name, $0.origin) } }
    }

    private static let names = [
        "VITE_CODETTE_API", "CODETTE_API", "VITE_SUPABASE_URL", "SUPABASE_URL", "SUPABASE_SERVICE_ROLE_KEY",
        "VITE_SUPABASE_ANON_KEY", "SUPABASE_ANON_KEY", "FUNCTION_SECRET",
    ]

    /// The variable that shows that Supabase was used, if any is set.
    var supabaseOrigin: Origin? { supabaseURL?.origin ?? supabaseKey?.origin }

    /// The value in today's words: USE_LOCAL_API chose the Supabase endpoint by `false` and the local one by any other.
    static func translated(_ value: String, of variable: String) -> String {
        guard variable == "USE_LOCAL_API" else { return value }
        return trimmed(value) == "false" ? "supabase" : "codette"
    }
}

/// The embedders there are.
enum EmbedderChoice {
    /// Providers that are sent texts.
    static let providers = ["openai", "cohere"]
    /// The endpoints of the first version, which are sent rows.
    static let endpoints = ["codette", "supabase"]
    static let available = ["local", "hash"] + providers + endpoints

    /// What is wrong with choosing this embedder, if anything.
    static func problem(_ chosen: Sourced<SettingValue>) -> ConfigurationProblem? {
        let name = chosen.value.description
        guard !available.contains(name) else { return nil }
        let near = nearestName(to: name, among: available).map { " Did you mean \"\($0)\"?" } ?? ""
        return ConfigurationProblem(
            chosen.origin, "asks for the embedder \(quoted(name)), which does not exist",
            remedy: "There are \(available.joined(separator: ", ")).\(near)")
    }
}
