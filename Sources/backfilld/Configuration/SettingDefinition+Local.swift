import Embedders
import SentenceEncoder

extension SettingDefinition {
    /// The encoder inside the process.
    static let local: [SettingDefinition] = [
        SettingDefinition(
            key: "local.model", kind: .text, defaultText: DefaultModel.name,
            documentation: """
                The model of the local embedder: the name of a folder in one of the places where models are kept \
                ("backfilld model list" shows them), or the path of a folder, with a "/" in it. Any \
                sentence-transformers folder of the BERT architecture will do; "backfilld model add" puts one there. \
                The model is part of a vector's identity, and so are the prompt and the rule for long texts below.
                """),
        SettingDefinition(
            key: "local.precision", kind: .choice(Settings.Local.precisionNames), defaultText: "auto",
            documentation: """
                What the local embedder computes with. "auto" is bf16 where the processor has instructions for it, \
                else fp32; their vectors may stand in one column. "int8" is the fastest, differs visibly from the \
                others, and is an identity of its own.
                """),
        SettingDefinition(
            key: "local.lanes", kind: .number(1...256), defaultText: nil,
            documentation: "How many threads of the local embedder compute at once.",
            defaultNote: "Defaults to as many as the process may use processors."),
        SettingDefinition(
            key: "local.longTexts", kind: .choice(LongTexts.allCases.map(\.rawValue)), defaultText: "truncate",
            documentation: """
                What becomes of a text that is longer than the model's limit. "truncate" takes its beginning, as \
                sentence-transformers does; "mean" takes all of it, in windows of the limit whose vectors are averaged.
                """),
        SettingDefinition(
            key: "local.passagePrompt", kind: .anyText, defaultText: nil,
            documentation: """
                What is put before every text that is stored. Models of the e5 family want "passage: ", and few \
                folders say so themselves.
                """,
            defaultNote: "Defaults to what the model's folder says; \"\" is none."),
        SettingDefinition(
            key: "local.queryPrompt", kind: .anyText, defaultText: nil,
            documentation: """
                What is put before every text to search with, as "backfilld embed --prompt query" does. Models of the \
                e5 family want "query: ".
                """,
            defaultNote: "Defaults to what the model's folder says; \"\" is none."),
    ]
}

extension Settings.Local {
    /// The precisions, and the word for the best there is.
    static let precisionNames = ["auto"] + Precision.allCases.map(\.rawValue)

    /// For the embedder.
    var options: LocalEmbedder.Options {
        LocalEmbedder.Options(
            precision: precision, lanes: lanes, longTexts: longTexts, passagePrompt: passagePrompt,
            queryPrompt: queryPrompt)
    }
}
