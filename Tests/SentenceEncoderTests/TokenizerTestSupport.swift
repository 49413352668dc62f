import Glibc
import TestSupport

@testable import SentenceEncoder

/// The folder of the installed default model; tests that need it fail without it.
enum InstalledModel {
    static func variable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }

    static let folder =
        variable("BACKFILLD_TEST_MODEL")
        ?? (variable("BACKFILLD_CACHE") ?? "/var/cache/backfilld") + "/models/all-MiniLM-L6-v2"

    static func tokenizer() throws -> Tokenizer {
        do {
            return try Tokenizer(folder: folder)
        } catch {
            throw Missing(description: "\(error): run `make model`")
        }
    }

    struct Missing: Error, CustomStringConvertible { let description: String }
}

/// A tokenizer.json for a test: pieces that can be replaced, and their text.
struct TokenizerSource {
    var tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    var normalizer = """
        {"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":true}
        """
    var preTokenizer = #"{"type":"BertPreTokenizer"}"#
    var postProcessor = """
        {"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"[CLS]","type_id":0}},\
        {"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"[SEP]","type_id":0}}],"pair":[{"Sequence":\
        {"id":"A","type_id":0}},{"Sequence":{"id":"B","type_id":1}}],"special_tokens":\
        {"[CLS]":{"id":"[CLS]","ids":[2],"tokens":["[CLS]"]},"[SEP]":{"id":"[SEP]","ids":[3],"tokens":["[SEP]"]}}}
        """
    var prefix = "##"
    var maxCharacters = 100
    var addedTokens: [String] = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"].enumerated().map {
        added($0.element, id: $0.offset, special: true)
    }

    static func added(
        _ content: String, id: Int, single: Bool = false, left: Bool = false, right: Bool = false,
        normalized: Bool = false, special: Bool = false
    ) -> String {
        """
        {"id":\(id),"content":\(string(content)),"single_word":\(single),"lstrip":\(left),"rstrip":\(right),\
        "normalized":\(normalized),"special":\(special)}
        """
    }

    static func string(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            if scalar.value < 0x20 || scalar == "\"" || scalar == "\\" {
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    var text: String {
        let vocabulary = tokens.enumerated().map { "\(Self.string($0.element)):\($0.offset)" }.joined(separator: ",")
        return """
            {"version":"1.0","truncation":null,"padding":null,"added_tokens":[\(addedTokens.joined(separator: ","))],\
            "normalizer":\(normalizer),"pre_tokenizer":\(preTokenizer),"post_processor":\(postProcessor),\
            "decoder":null,"model":{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":\
            \(Self.string(prefix)),"max_input_chars_per_word":\(maxCharacters),"vocab":{\(vocabulary)}}}
            """
    }

    /// The tokenizer that this file alone makes, with no tokenizer_config.json beside it.
    func tokenizer() throws -> Tokenizer { try Self.tokenizer(bytes: Array(text.utf8)) }

    static func tokenizer(bytes: [UInt8]) throws -> Tokenizer {
        let file = try TokenizerFile(JSONFile(path: "tokenizer.json", bytes: bytes))
        return Tokenizer(try TokenizerDescription(file, TokenizerConfiguration(folder: "/nowhere", canBeAbsent: true)))
    }
}

extension Tokenizer {
    /// Ids without the frame, of bytes that need not be UTF-8.
    func pieces(_ text: [UInt8], limit: Int = .max) -> [Int32] {
        var ids: [Int32] = []
        text.withUnsafeBufferPointer { appendPieces(of: $0, limit: limit, to: &ids) }
        return ids
    }

    func pieces(_ text: String, limit: Int = .max) -> [Int32] { pieces(Array(text.utf8), limit: limit) }
}
