extension SettingDefinition {
    /// A provider of embeddings: where it is, and what it is asked for.
    static let remote: [SettingDefinition] = [
        SettingDefinition(
            key: "remote.url", kind: .text, defaultText: nil,
            documentation: """
                The base address of the provider, with or without /v1: "http://localhost:11434/v1" for Ollama, \
                "https://NAME.openai.azure.com/openai/v1" for Azure. docs/providers.md has an example for each. It is \
                shown in messages, so that it may have no user, no password and no query in it: see remote.query.
                """,
            defaultNote: """
                Defaults to "https://api.openai.com/v1" for openai and "https://api.cohere.com" for cohere; for \
                codette, to VITE_CODETTE_API or CODETTE_API, else "http://localhost:8000"; for supabase, to \
                VITE_SUPABASE_URL or SUPABASE_URL.
                """),
        SettingDefinition(
            key: "remote.model", kind: .text, defaultText: nil,
            documentation: """
                The model, by the provider's name for it. It is part of a vector's identity, and so are the dimension, \
                the prompt, and what of remote.body may change vectors.
                """,
            defaultNote: """
                Defaults to "text-embedding-3-small" at OpenAI itself, "embed-v4.0" at Cohere and "mistral-embed" at \
                Mistral; elsewhere it must be given.
                """),
        SettingDefinition(
            key: "remote.dimension", kind: .number(1...16_000), defaultText: nil,
            documentation: """
                How many components a vector has. An answer of another dimension is not used. It must be the dimension \
                of the embedding column.
                """,
            defaultNote: "Defaults to what the model is known to have; for a model that is not known it must be given."),
        SettingDefinition(
            key: "remote.sendDimension", kind: .choice(["auto", "yes", "no"]), defaultText: "auto",
            documentation: """
                Whether the provider is told the dimension, for models that make vectors of several. "auto" tells it \
                where the dimension is another than the model's own and the model is known to make it.
                """),
        SettingDefinition(
            key: "remote.key", kind: .text, defaultText: nil,
            documentation: """
                The provider's key. The credential remote-key (systemd's LoadCredential=) is the place for it. Local \
                servers want none. In messages it shows its last four characters at most.
                """,
            defaultNote: """
                Defaults to OPENAI_API_KEY where the address is api.openai.com, and in the same way to \
                AZURE_OPENAI_API_KEY, COHERE_API_KEY or CO_API_KEY, VOYAGE_API_KEY, MISTRAL_API_KEY and JINA_API_KEY: \
                none of them goes to another host. For supabase, to SUPABASE_SERVICE_ROLE_KEY, else VITE_SUPABASE_ANON_KEY \
                or SUPABASE_ANON_KEY.
                """,
            isSecret: true, changesLive: true),
        SettingDefinition(
            key: "remote.functionSecret", kind: .text, defaultText: nil,
            documentation: """
                What the edge function of supabase compares the field x-functions-secret with. No other embedder sends it.
                """,
            defaultNote: "Defaults to FUNCTION_SECRET.", isSecret: true),
        SettingDefinition(
            key: "remote.headers", kind: .list, defaultText: nil,
            documentation: """
                More fields of each request, as "name: value". They count as secrets.
                """,
            defaultNote: "Defaults to none.", isSecret: true),
        SettingDefinition(
            key: "remote.query", kind: .list, defaultText: nil,
            documentation: """
                What is added to the address behind the question mark, as "name=value": "api-version=2024-10-21" for a \
                deployment of Azure's. It counts as a secret.
                """,
            defaultNote: "Defaults to none.", isSecret: true),
        SettingDefinition(
            key: "remote.body", kind: .list, defaultText: nil,
            documentation: """
                More members of the body of each request, as "name=value" with the value in JSON: Jina wants \
                'task="retrieval.passage"', Voyage 'input_type="document"'. With a 'query:' before it, a member is \
                only for texts to search with: 'query:input_type="query"'. It counts as a secret. What changes vectors \
                is part of their identity, those that are not known by a digest; 'user="…"' and the like are not.
                """,
            defaultNote: "Defaults to none.", isSecret: true),
        SettingDefinition(
            key: "remote.passagePrompt", kind: .anyText, defaultText: nil,
            documentation: "What is put before every text that is stored: \"passage: \" for models of the e5 family.",
            defaultNote: "Defaults to none."),
        SettingDefinition(
            key: "remote.queryPrompt", kind: .anyText, defaultText: nil,
            documentation: "What is put before every text to search with: \"query: \" for models of the e5 family.",
            defaultNote: "Defaults to none."),
        SettingDefinition(
            key: "remote.inputs", kind: .number(1...10_000), defaultText: nil,
            documentation: """
                The most texts in a request. A batch with more is sent in several, side by side. For codette and supabase, \
                the most rows in a request.
                """,
            defaultNote: """
                Defaults to what the provider documents: 2048 for OpenAI and Azure, 1000 for Voyage, 512 for Jina and \
                Mistral, 96 for Cohere; 32 for a server that is not known, which is what text-embeddings-inference \
                takes; for codette and supabase, to batch.rows.
                """),
        SettingDefinition(
            key: "remote.inputTokens", kind: .number(16...1_000_000), defaultText: nil,
            documentation: """
                The most tokens of a text. A longer one is cut at the end of a character and counted. Without \
                remote.tokenizer a text counts as many tokens as it has bytes, so that none is ever refused: four times \
                too many in English. Give a larger number where your texts are known to fit. It may be changed without \
                embedding a table anew: what is filled stays as it is.
                """,
            defaultNote: """
                Defaults to 8191 for OpenAI and Azure, 8192 for Mistral and Jina; to no limit elsewhere, where the \
                provider cuts itself, or refuses and the text is halved until it is taken.
                """),
        SettingDefinition(
            key: "remote.requestTokens", kind: .number(16...100_000_000), defaultText: nil,
            documentation: "The most tokens of a request, counted in the same way.",
            defaultNote: """
                Defaults to 300000 for OpenAI and Azure, 16384 for Mistral, 120000 to 1000000 for Voyage by model; to \
                no limit elsewhere.
                """),
        SettingDefinition(
            key: "remote.requestBytes", kind: .size(1_024...268_435_456), defaultText: nil,
            documentation: "The most bytes of a request's body, with what JSON adds to the texts.",
            defaultNote: "Defaults to \"8MiB\"; to 1900000 bytes for a server that is not known."),
        SettingDefinition(
            key: "remote.tokenizer", kind: .text, defaultText: nil,
            documentation: """
                The model's own tokenizer, for exact counts: the name or path of a model folder, as for local.model. \
                BERT's kind only.
                """,
            defaultNote: "Defaults to none."),
    ]

    /// A provider of embeddings: how fast it is asked, and over which way.
    static let remotePace: [SettingDefinition] = [
        SettingDefinition(
            key: "remote.requestsInFlight", kind: .number(1...64), defaultText: "8",
            documentation: """
                The most requests on their way at once. Four at first, and twice as many with each round until \
                something goes wrong; fewer while the provider is slow or asks for fewer, and then one more for each \
                round that goes well.
                """),
        SettingDefinition(
            key: "remote.requestsPerMinute", kind: .number(1...1_000_000), defaultText: nil,
            documentation: "The most requests a minute. They are sent evenly.",
            defaultNote: "Defaults to what the provider takes, which is learned of its answers."),
        SettingDefinition(
            key: "remote.tokensPerMinute", kind: .number(100...1_000_000_000), defaultText: nil,
            documentation: "The most tokens a minute, as the provider charges for them.",
            defaultNote: "Defaults to what the provider takes, which is learned of its answers."),
        SettingDefinition(
            key: "remote.requestsPerDay", kind: .number(1...100_000_000), defaultText: nil,
            documentation: """
                The most requests on a day of UTC. When it is reached, nothing is sent until midnight, and STATUS says \
                so. Counted together as for remote.tokensPerDay.
                """,
            defaultNote: "Defaults to no ceiling."),
        SettingDefinition(
            key: "remote.tokensPerDay", kind: .number(1_000...1_000_000_000_000), defaultText: nil,
            documentation: """
                The most tokens on a day of UTC, a ceiling for the bill. What was sent today is kept in the folder for \
                the service's state ($STATE_DIRECTORY, else /var/lib/backfilld where that may be written, else \
                $XDG_STATE_HOME/backfilld) and counted together by all who use the same one; two folders, as of two \
                services, are two ceilings. Where it can't be read or written, nothing is sent.
                """,
            defaultNote: "Defaults to no ceiling."),
        SettingDefinition(
            key: "remote.connectDeadline", kind: .duration(.milliseconds(100) ... .seconds(300)), defaultText: "10s",
            documentation: "How long a connection to the provider may take."),
        SettingDefinition(
            key: "remote.deadline", kind: .duration(.milliseconds(100) ... .seconds(3_600)), defaultText: "60s",
            documentation: "How long a request may take, from its first byte to the answer's last."),
        SettingDefinition(
            key: "remote.ca", kind: .text, defaultText: nil,
            documentation: "A file of certificates (PEM) of the authorities that are trusted, instead of the system's.",
            defaultNote: "Defaults to the system's."),
        SettingDefinition(
            key: "remote.proxy", kind: .anyText, defaultText: nil,
            documentation: """
                A proxy: http://USER:PASSWORD@HOST:PORT, or socks5://HOST:PORT; "" for none, whatever variables say. It is \
                asked for a tunnel (CONNECT), which many give to port 443 alone.
                """,
            defaultNote: "Defaults to what HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY say.", isSecret: true),
        SettingDefinition(
            key: "remote.memory", kind: .size(0...17_179_869_184), defaultText: "64MiB",
            documentation: """
                How much memory may hold vectors that were paid for, so that a text that comes again, or whose row \
                could not be written, is not sent again.
                """),
        SettingDefinition(
            key: "remote.price", kind: .amount(0...1_000_000), defaultText: nil,
            documentation: "What a million tokens cost, in whatever currency. For \"backfilld backfill --estimate\".",
            defaultNote: "Defaults to none: no price is told."),
    ]
}
