"""Makes what the peers run from a folder of a BERT sentence encoder: ONNX graphs and OpenVINO models.

    prepare.py --model DIR --out DIR --calibrate FILE

--calibrate: texts, one a line, for the int8 models. Written to --out, each as text ids and mask → unit vectors:

    onnx/plain.onnx     as torch.onnx exports it; onnx/fused.onnx after ONNX Runtime's transformer optimizer
    openvino/plain      converted from plain.onnx, where the attention is products and a softmax
    openvino/sdpa       converted from the transformers model, where the attention is one operation
    openvino/plain-int8 and sdpa-int8      both after nncf.quantize as Intel documents for transformers
    reference.npz       ids and float32 vectors of sentence-transformers itself, to check every peer with
"""
import argparse, json, logging, math, os, pathlib, warnings

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_VERBOSITY="error", TQDM_DISABLE="1")
warnings.filterwarnings("ignore")
import nncf, numpy, openvino, safetensors.torch, sentence_transformers, tokenizers, torch, transformers
from onnxruntime.transformers import optimizer

nn = torch.nn


def unit_mean(hidden, mask):
    mask = mask.unsqueeze(-1).to(hidden.dtype)
    return nn.functional.normalize((hidden * mask).sum(1) / mask.sum(1).clamp(min=1e-9), dim=1)


class Layer(nn.Module):
    def __init__(self, hidden, heads, inner, epsilon):
        super().__init__()
        self.heads, self.hidden = heads, hidden
        self.query, self.key, self.value, self.attended = (nn.Linear(hidden, hidden) for _ in range(4))
        self.inner, self.outer = nn.Linear(hidden, inner), nn.Linear(inner, hidden)
        self.norm1, self.norm2 = (nn.LayerNorm(hidden, eps=epsilon) for _ in range(2))

    def split(self, x):
        return x.view(x.size()[:-1] + (self.heads, self.hidden // self.heads)).permute(0, 2, 1, 3)

    def forward(self, x, bias):
        query, key, value = self.split(self.query(x)), self.split(self.key(x)), self.split(self.value(x))
        scores = torch.matmul(query, key.transpose(-1, -2)) / math.sqrt(self.hidden // self.heads)
        mixed = torch.matmul((scores + bias).softmax(-1), value).permute(0, 2, 1, 3).contiguous()
        x = self.norm1(self.attended(mixed.view(mixed.size()[:-2] + (self.hidden,))) + x)
        return self.norm2(self.outer(nn.functional.gelu(self.inner(x))) + x)


class PlainBert(nn.Module):
    """BERT in the form ONNX Runtime's optimizer knows: what transformers 5 writes itself it leaves unfused."""

    def __init__(self, folder):
        super().__init__()
        config = json.loads((folder / "config.json").read_text())
        hidden, epsilon = config["hidden_size"], config["layer_norm_eps"]
        self.heads, self.hidden = config["num_attention_heads"], hidden
        self.words = nn.Embedding(config["vocab_size"], hidden)
        self.positions = nn.Embedding(config["max_position_embeddings"], hidden)
        self.types = nn.Embedding(config["type_vocab_size"], hidden)
        self.norm = nn.LayerNorm(hidden, eps=epsilon)
        self.layers = nn.ModuleList(Layer(hidden, self.heads, config["intermediate_size"], epsilon)
                                    for _ in range(config["num_hidden_layers"]))
        self.register_buffer("places", torch.arange(config["max_position_embeddings"]).unsqueeze(0), persistent=False)
        names = {"words.weight": "word_embeddings.weight", "positions.weight": "position_embeddings.weight",
                 "types.weight": "token_type_embeddings.weight", "norm.weight": "LayerNorm.weight",
                 "norm.bias": "LayerNorm.bias"}
        names = {ours: f"embeddings.{theirs}" for ours, theirs in names.items()}
        for i in range(len(self.layers)):
            for ours, theirs in (
                    ("query", "attention.self.query"), ("key", "attention.self.key"), ("value", "attention.self.value"),
                    ("attended", "attention.output.dense"), ("norm1", "attention.output.LayerNorm"),
                    ("inner", "intermediate.dense"), ("outer", "output.dense"), ("norm2", "output.LayerNorm")):
                for kind in ("weight", "bias"):
                    names[f"layers.{i}.{ours}.{kind}"] = f"encoder.layer.{i}.{theirs}.{kind}"
        stored = safetensors.torch.load_file(folder / "model.safetensors")
        self.load_state_dict({ours: stored[theirs] for ours, theirs in names.items()})
        self.eval()

    def forward(self, input_ids, attention_mask):
        x = self.words(input_ids) + self.types.weight[0] + self.positions(self.places[:, :input_ids.size(1)])
        x = self.norm(x)
        bias = (1.0 - attention_mask.unsqueeze(1).unsqueeze(2).to(torch.float32)) * -10000.0
        for layer in self.layers:
            x = layer(x, bias)
        return unit_mean(x, attention_mask)


class AttentionBert(nn.Module):
    def __init__(self, folder):
        super().__init__()
        self.bert = transformers.BertModel.from_pretrained(
            folder, add_pooling_layer=False, attn_implementation="sdpa", dtype=torch.float32).eval()

    def forward(self, input_ids, attention_mask):
        hidden = self.bert(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        return unit_mean(hidden, attention_mask)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--calibrate", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    out = arguments.out
    for kind in ("onnx", "openvino"):
        (out / kind).mkdir(parents=True, exist_ok=True)
    inputs = ["input_ids", "attention_mask"]
    ids = torch.randint(1000, 20000, (3, 17))
    mask = torch.ones_like(ids)
    mask[1, 9:] = 0

    plain = PlainBert(arguments.model)
    axes = {name: {0: "batch", 1: "length"} for name in inputs} | {"vectors": {0: "batch"}}
    with torch.no_grad():
        torch.onnx.export(plain, (ids, mask), str(out / "onnx/plain.onnx"), input_names=inputs,
                          output_names=["vectors"], opset_version=17, dynamo=False, dynamic_axes=axes)
    fused = optimizer.optimize_model(str(out / "onnx/plain.onnx"), model_type="bert", num_heads=plain.heads,
                                     hidden_size=plain.hidden, opt_level=0, use_gpu=False)
    counts = fused.get_fused_operator_statistics()
    if counts["Attention"] != len(plain.layers):
        raise SystemExit(f"ONNX Runtime's optimizer fused {counts['Attention']} of {len(plain.layers)} attentions: "
                         "this would not be the peer's best")
    fused.save_model_to_file(str(out / "onnx/fused.onnx"))

    texts = arguments.calibrate.read_text().splitlines()
    tokenizer = tokenizers.Tokenizer.from_file(str(arguments.model / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(256)
    encoded = [e.ids for e in tokenizer.encode_batch(texts)]
    samples = [{"input_ids": numpy.array([one]), "attention_mask": numpy.ones((1, len(one)), numpy.int64)}
               for one in encoded[:300]]
    with torch.no_grad():
        models = {
            "plain": openvino.convert_model(str(out / "onnx/plain.onnx")),
            "sdpa": openvino.convert_model(AttentionBert(arguments.model), example_input={
                "input_ids": ids, "attention_mask": mask}, input=[("input_ids", [-1, -1]), ("attention_mask", [-1, -1])]),
        }
    for name, model in models.items():
        openvino.save_model(model, str(out / f"openvino/{name}.xml"), compress_to_fp16=False)
        quantized = nncf.quantize(model, nncf.Dataset(samples), model_type=nncf.ModelType.TRANSFORMER,
                                  preset=nncf.QuantizationPreset.MIXED, fast_bias_correction=True, subset_size=len(samples))
        openvino.save_model(quantized, str(out / f"openvino/{name}-int8.xml"), compress_to_fp16=False)

    reference = sentence_transformers.SentenceTransformer(str(arguments.model), device="cpu")
    checked = texts[:48]
    numpy.savez(out / "reference.npz", texts=numpy.array(checked), vectors=reference.encode(checked, batch_size=1))
    (out / "complete").touch()


main()
