"""sentence-transformers itself, on torch in float32. It sorts by length and pads batches of 32 on its own."""
import os, sys, warnings

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_VERBOSITY="error", TQDM_DISABLE="1")
warnings.filterwarnings("ignore")
import sentence_transformers, torch

import worker

CORES = 2
CONFIGURATIONS = ["torch"]
TAKES_TEXTS = True


def open(name, folder, model):
    torch.set_num_threads(CORES)
    encoder = sentence_transformers.SentenceTransformer(model, device="cpu")
    return lambda texts: encoder.encode(texts, batch_size=worker.BATCH, show_progress_bar=False)


if __name__ == "__main__":
    worker.serve(sys.modules["__main__"])
