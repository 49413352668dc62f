/// What is known of providers from their documentation: what one request may carry, and which variable has the key.
///
/// All of it can be set otherwise. Where a provider is not known, requests are small enough for every server of today that
/// was looked at, and a refusal for size makes them smaller.
package struct ProviderDefaults: Sendable, Hashable {
    /// What one request may carry.
    package var limits: RequestLimits
    /// Variables that hold its key, the first that is set counts. A key never goes to another host than its provider's.
    package var keyVariables: [String] = []
    /// The model where none is named.
    package var model: String?

    /// The defaults for a host, and for a model where the host makes a difference by it.
    package static func of(host: String, model: String) -> ProviderDefaults {
        let host = host.lowercased()
        if let known = all.first(where: { host == $0.host || host.hasSuffix("." + $0.host) }) {
            var defaults = known.defaults
            if known.host == "voyageai.com" { defaults.limits.requestTokens = voyageTokens(model) }
            return defaults
        }
        // text-embeddings-inference takes 32 texts by default (--max-client-batch-size), and tells where they are too many;
        // vLLM, Ollama, llama-server, LM Studio and LiteLLM document no limit of their own. Bodies: 2 MB are the
        // default of text-embeddings-inference (--payload-limit).
        return ProviderDefaults(limits: RequestLimits(inputs: 32, requestBytes: 1_900_000))
    }

    private static let all: [(host: String, defaults: ProviderDefaults)] = [
        // platform.openai.com/docs/api-reference/embeddings: 2048 inputs, 8192 tokens for all embedding models, and
        // 300,000 tokens summed across all inputs. The guide says 8191: one less is right in any case.
        (
            "api.openai.com",
            ProviderDefaults(
                limits: RequestLimits(inputs: 2048, inputTokens: 8191, requestTokens: 300_000),
                keyVariables: ["OPENAI_API_KEY"], model: "text-embedding-3-small")
        ),
        // learn.microsoft.com/azure/ai-services/openai/reference: 2048 inputs, 8192 tokens each.
        ("openai.azure.com", azure), ("cognitiveservices.azure.com", azure), ("services.ai.azure.com", azure),
        // docs.cohere.com/reference/embed: at most 96 texts. It would cut longer ones itself, and is asked not to
        // (truncate: NONE), so that it refuses them and they are cut and counted here.
        (
            "cohere.com",
            ProviderDefaults(
                limits: RequestLimits(inputs: 96), keyVariables: ["COHERE_API_KEY", "CO_API_KEY"],
                model: "embed-v4.0")
        ),
        // docs.voyageai.com/reference/embeddings-api: at most 1000 texts, tokens by model; longer ones are cut there.
        (
            "voyageai.com",
            ProviderDefaults(limits: RequestLimits(inputs: 1000), keyVariables: ["VOYAGE_API_KEY"])
        ),
        // docs.mistral.ai/capabilities/embeddings: 8192 tokens in a text; a request of more than 16,384 is answered with
        // "Too many tokens in batch".
        (
            "api.mistral.ai",
            ProviderDefaults(
                limits: RequestLimits(inputs: 512, inputTokens: 8192, requestTokens: 16_384),
                keyVariables: ["MISTRAL_API_KEY"], model: "mistral-embed")
        ),
        // api.jina.ai/docs: at most 512 texts, 8192 tokens each (jina-embeddings-v3).
        (
            "api.jina.ai",
            ProviderDefaults(
                limits: RequestLimits(inputs: 512, inputTokens: 8192), keyVariables: ["JINA_API_KEY"])
        ),
    ]

    private static let azure = ProviderDefaults(
        limits: RequestLimits(inputs: 2048, inputTokens: 8191, requestTokens: 300_000),
        keyVariables: ["AZURE_OPENAI_API_KEY"])

    /// By docs.voyageai.com/docs/embeddings: a million for the lite models, 320,000 for the others of the 2 and 3.5 series
    /// that have no theme, 120,000 for all else.
    private static func voyageTokens(_ model: String) -> Int {
        if model.hasSuffix("-lite") { return 1_000_000 }
        return ["voyage-3.5", "voyage-2"].contains(model) ? 320_000 : 120_000
    }

    /// The dimension of a model's vectors where nobody asks for another; nil for a model that is not known.
    package static func dimension(of model: String) -> Int? { dimensions[model] }

    /// Whether a model makes vectors of another dimension if it is asked to.
    package static func isShortenable(_ model: String) -> Bool {
        [
            "text-embedding-3-", "embed-v4", "voyage-3.5", "voyage-3-large", "voyage-code-3", "jina-embeddings-v3",
            "jina-embeddings-v4", "codestral-embed",
        ].contains { model.hasPrefix($0) }
    }

    /// By the documentation of the providers named above, and the cards of the open models.
    private static let dimensions: [String: Int] = [
        "text-embedding-3-small": 1536, "text-embedding-3-large": 3072, "text-embedding-ada-002": 1536,
        "embed-v4.0": 1536, "embed-english-v3.0": 1024, "embed-multilingual-v3.0": 1024,
        "embed-english-light-v3.0": 384, "embed-multilingual-light-v3.0": 384,
        "voyage-3.5": 1024, "voyage-3.5-lite": 1024, "voyage-3-large": 1024, "voyage-code-3": 1024,
        "voyage-3": 1024, "voyage-3-lite": 512, "voyage-law-2": 1024, "voyage-finance-2": 1024,
        "mistral-embed": 1024, "codestral-embed": 1536,
        "jina-embeddings-v3": 1024, "jina-embeddings-v4": 2048, "jina-embeddings-v2-base-en": 768,
        "nomic-embed-text": 768, "mxbai-embed-large": 1024, "all-minilm": 384, "bge-m3": 1024,
        "BAAI/bge-m3": 1024, "BAAI/bge-small-en-v1.5": 384, "BAAI/bge-base-en-v1.5": 768,
        "BAAI/bge-large-en-v1.5": 1024, "intfloat/multilingual-e5-large": 1024,
        "sentence-transformers/all-MiniLM-L6-v2": 384,
    ]
}
