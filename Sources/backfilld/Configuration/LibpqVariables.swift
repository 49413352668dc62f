/// libpq's environment variables and the connection parameters they stand for (those of libpq 15).
///
/// From the process environment libpq reads them itself; from a `.env` file it does not, so there
/// they are handed on as parameters.
enum LibpqVariables {
    static let parameters: [String: String] = [
        "PGHOST": "host", "PGHOSTADDR": "hostaddr", "PGPORT": "port", "PGDATABASE": "dbname", "PGUSER": "user",
        "PGPASSWORD": "password", "PGPASSFILE": "passfile", "PGCHANNELBINDING": "channel_binding",
        "PGSERVICE": "service", "PGOPTIONS": "options", "PGAPPNAME": "application_name", "PGSSLMODE": "sslmode",
        "PGSSLCOMPRESSION": "sslcompression", "PGSSLCERT": "sslcert", "PGSSLKEY": "sslkey",
        "PGSSLROOTCERT": "sslrootcert", "PGSSLCRL": "sslcrl", "PGSSLCRLDIR": "sslcrldir", "PGSSLSNI": "sslsni",
        "PGREQUIREPEER": "requirepeer", "PGSSLMINPROTOCOLVERSION": "ssl_min_protocol_version",
        "PGSSLMAXPROTOCOLVERSION": "ssl_max_protocol_version", "PGGSSENCMODE": "gssencmode",
        "PGKRBSRVNAME": "krbsrvname", "PGGSSLIB": "gsslib", "PGCONNECT_TIMEOUT": "connect_timeout",
        "PGCLIENTENCODING": "client_encoding", "PGTARGETSESSIONATTRS": "target_session_attrs",
    ]

    /// Any of these says which database is meant.
    static let choosing = ["PGHOST", "PGHOSTADDR", "PGSERVICE", "PGDATABASE"]

    /// Those whose values `backfilld config` shows.
    static let shown: Set<String> = [
        "PGHOST", "PGHOSTADDR", "PGPORT", "PGDATABASE", "PGUSER", "PGSERVICE", "PGSSLMODE", "PGTARGETSESSIONATTRS",
    ]

    /// Those that mean something to libpq and can't be handed on as parameters.
    static let onlyInEnvironment: Set<String> = ["PGSERVICEFILE", "PGSYSCONFDIR"]

    /// The set variables of libpq's among these.
    static func among(_ variables: TextProvider.Variables) -> TextProvider.Variables {
        variables.filter { parameters[$0.key] != nil && !$0.value.value.isEmpty }
    }
}
