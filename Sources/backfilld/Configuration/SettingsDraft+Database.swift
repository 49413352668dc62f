extension SettingsDraft {
    /// What libpq is to be told, after a check that it is told which database is meant.
    mutating func connectionParameters(
        _ firstVersion: FirstVersion, isNeeded: Bool
    ) -> [Settings.ConnectionParameter] {
        let process = LibpqVariables.among(sources.variables.first ?? [:])
        // The process environment is stronger, and libpq reads it itself.
        var handedOn: TextProvider.Variables = [:]
        for variables in sources.variables.dropFirst() {
            handedOn.merge(LibpqVariables.among(variables)) { first, _ in first }
        }
        handedOn = handedOn.filter { process[$0.key] == nil }
        let known = process.merging(handedOn) { first, _ in first }
        for (name, given) in known.sorted(by: { $0.key < $1.key }) {
            let shown = LibpqVariables.shown.contains(name) ? given.value : Secret.mask
            reader.record(name, .text(shown), given.origin)
        }

        let address = self.address()
        let isChosen = value("database.url") != nil || LibpqVariables.choosing.contains { known[$0] != nil }
        if isNeeded, !isChosen, !isAddressAmongProblems { report(Self.missingDatabase(firstVersion)) }
        return parameters(handedOn, url: value("database.url")?.value.description, address: address)
    }

    /// Whether the address may be missing because of a problem that is reported already.
    private var isAddressAmongProblems: Bool {
        sources.toml?.isBroken == true
            || problems.contains { problem in
                [problem.what, problem.remedy ?? ""].contains { text in
                    text.firstRange(of: "database.url") != nil || text.firstRange(of: "DATABASE_URL") != nil
                }
            }
    }

    /// The checked address, if one is set.
    private mutating func address() -> ConnectionText? {
        guard let url = value("database.url") else { return nil }
        do throws(ConnectionText.Fault) {
            let address = try ConnectionText(url.value.description)
            if let warning = address.warning { warnings.append("\(url.origin): \(warning)") }
            return address
        } catch {
            report(ConfigurationProblem(url.origin, "database.url \(error.reason)", remedy: error.remedy))
            return nil
        }
    }

    /// In libpq's array a later parameter is stronger, and the first dbname is the one that may be an address.
    private func parameters(
        _ handedOn: TextProvider.Variables, url: String?, address: ConnectionText?
    ) -> [Settings.ConnectionParameter] {
        var result: [Settings.ConnectionParameter] = []
        func add(_ keyword: String, _ value: String) {
            result.append(Settings.ConnectionParameter(keyword: keyword, value: Secret(value)))
        }
        for (name, given) in handedOn.sorted(by: { $0.key < $1.key }) {
            guard let keyword = LibpqVariables.parameters[name], keyword != "dbname" || url == nil else { continue }
            add(keyword, given.value)
        }
        if let url {
            add("dbname", url)
            if let name = handedOn["PGDATABASE"], address?.parameters["dbname"] == nil { add("dbname", name.value) }
        }
        if let password = value("database.password") { add("password", password.value.description) }
        if let name = value("database.applicationName") {
            let isDefault = name.origin == .builtIn
            add(isDefault ? "fallback_application_name" : "application_name", name.value.description)
        }
        return result
    }

    private static func missingDatabase(_ firstVersion: FirstVersion) -> ConfigurationProblem {
        if let origin = firstVersion.supabaseOrigin {
            return ConfigurationProblem(
                origin, "names a Supabase project, but nothing says how to reach its database: DATABASE_URL is not set",
                remedy: ConnectionText.whereToLook)
        }
        return ConfigurationProblem(
            "database.url", "nothing says which database is meant",
            remedy: """
                Set DATABASE_URL=postgresql://user@host:5432/database (or BACKFILLD_DATABASE_URL, the credential \
                database-url, database.url in the configuration file), or libpq's PGHOST, PGSERVICE or PGDATABASE.
                """)
    }
}
