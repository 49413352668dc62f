extension ModelFolder {
    /// Finds the file of the weights, as transformers looks for them: model.safetensors before all others.
    ///
    /// Weights in several files and those in Python's pickle are refused, with the way to convert them.
    package func weightsPath() throws(ModelError) -> String {
        let path = encoderPath + "/model.safetensors"
        if exists(path) { return path }
        let conversion = """
            convert it with Python: from sentence_transformers import SentenceTransformer; \
            SentenceTransformer(OLD).save_pretrained(NEW)
            """
        if exists(path + ".index.json") {
            throw ModelError(
                encoderPath, "has its weights in several files, only a single model.safetensors is read; \(conversion)")
        }
        if exists(encoderPath + "/pytorch_model.bin") || exists(encoderPath + "/pytorch_model.bin.index.json") {
            throw ModelError(
                encoderPath, "has its weights as pytorch_model.bin, which can run code when it is read; \(conversion)")
        }
        throw ModelError(encoderPath, "has no model.safetensors")
    }
}

extension ModelFolder {
    /// SHA-256 of the weights' file, in hexadecimal.
    package func weightsHash() throws(ModelError) -> String {
        try SafeTensors(path: try weightsPath()).sha256Text()
    }
}

extension SafeTensors {
    /// SHA-256 of the whole file, in hexadecimal.
    func sha256Text() throws(ModelError) -> String {
        try sha256().map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
}
