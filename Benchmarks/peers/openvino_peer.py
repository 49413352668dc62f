"""OpenVINO. The third argument is the precision: fp32, bf16 or int8. Throughput runs its streams side by side."""
import os, sys

import openvino

import worker

CORES = 2
PRECISION = sys.argv[3] if len(sys.argv) > 3 else "fp32"
MODELS = ["plain", "sdpa"]
# int8 leaves operations that are not quantized: they may run in either precision.
HINTS = {"fp32": ["f32"], "bf16": ["bf16"], "int8": ["f32", "bf16"]}[PRECISION]
CONFIGURATIONS = [f"{model}, {mode}, {hint}" for model in MODELS for mode in ("latency", "throughput") for hint in HINTS]


def open(name, folder, model):
    graph, mode, hint = name.split(", ")
    if PRECISION == "int8":
        graph += "-int8"
    compiled = openvino.Core().compile_model(os.path.join(folder, "openvino", f"{graph}.xml"), "CPU", {
        "PERFORMANCE_HINT": mode.upper(), "INFERENCE_PRECISION_HINT": hint, "INFERENCE_NUM_THREADS": CORES})
    if mode == "latency":
        request = compiled.create_infer_request()
        return lambda batches: [request.infer({"input_ids": ids, "attention_mask": mask})[0].copy()
                                for ids, mask in batches]

    def throughput(batches):
        found = [None] * len(batches)

        def done(request, place):
            found[place] = request.get_output_tensor(0).data.copy()

        requests = openvino.AsyncInferQueue(compiled)
        requests.set_callback(done)
        for place, (ids, mask) in enumerate(batches):
            requests.start_async({"input_ids": ids, "attention_mask": mask}, place)
        requests.wait_all()
        return found

    return throughput


if __name__ == "__main__":
    worker.serve(sys.modules["__main__"])
