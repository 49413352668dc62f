"""ONNX Runtime in float32: one session with two threads, or two sessions with one thread each, side by side."""
import os, queue, sys
from concurrent.futures import ThreadPoolExecutor

import onnxruntime

import worker

CORES = 2
CONFIGURATIONS = ["fused, 2 threads", "fused, 2 × 1 thread", "plain, 2 threads"]


def session(path, threads):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def run(one, batch):
    return one.run(None, {"input_ids": batch[0], "attention_mask": batch[1]})[0]


def open(name, folder, model):
    graph, threads = name.split(", ")
    path = os.path.join(folder, "onnx", f"{graph}.onnx")
    if threads == f"{CORES} threads":
        one = session(path, CORES)
        return lambda batches: [run(one, batch) for batch in batches]
    idle = queue.SimpleQueue()
    for _ in range(CORES):
        idle.put(session(path, 1))
    pool = ThreadPoolExecutor(CORES)

    def lane(batch):
        one = idle.get()
        try:
            return run(one, batch)
        finally:
            idle.put(one)

    return lambda batches: list(pool.map(lane, batches))


if __name__ == "__main__":
    worker.serve(sys.modules["__main__"])
