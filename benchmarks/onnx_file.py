"""The ONNX file of a network: its size, and a batch's prediction by onnxruntime beside ours, one thread each.

OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 python benchmarks/onnx_file.py [--cells gru lstm] [--hidden 50] [--batch 30]

The two take turns; printed is the median of the rounds, and what they differ by. Not called onnx.py, which would be
imported in the place of onnx.
"""

import argparse
import statistics
import tempfile
from pathlib import Path

import machine
import numpy as np
import onnxruntime
from lengths import milliseconds

from unrolled import rnn

INPUTS, CLASSES = 3, 7
CELLS = {"tanh": rnn.Tanh, "relu": rnn.ReLU, "lstm": rnn.LSTM, "gru": rnn.GRU}


def measure(kind: str, hidden: int, batch: int, steps: int, rounds: int) -> str:
    net = rnn.ManyToOne(CELLS[kind](hidden), INPUTS, CLASSES, rng=0)
    X: np.ndarray = np.random.default_rng(0).standard_normal((batch, steps, INPUTS)).astype(np.float32)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "net.onnx"
        rnn.to_onnx(net, path, lengths=False)
        size = path.stat().st_size
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    differ = np.abs(session.run(None, {"X": X})[0] - net.predict_proba(X)).max()
    theirs, ours = [], []
    for _ in range(rounds):
        theirs.append(milliseconds(lambda: session.run(None, {"X": X})))
        ours.append(milliseconds(lambda: net.predict_proba(X)))
    parameters = sum(W.nbytes for W in net.parameters.values())
    return (
        f"{kind:>5} {hidden}, batch {batch}, T {steps}: {size:,} bytes ({parameters:,} of them parameters); "
        f"onnxruntime {statistics.median(theirs):.2f} ms, ours {statistics.median(ours):.2f} ms; "
        f"they differ by {differ:.1e} at most"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", nargs="+", choices=CELLS, default=["gru"])
    for name, default in (("hidden", 50), ("batch", 30), ("steps", 150), ("rounds", 5)):
        parser.add_argument(f"--{name}", type=int, default=default)
    arguments = parser.parse_args()
    print(f"{machine.processor()}; onnxruntime {onnxruntime.__version__}, NumPy {np.__version__}")
    for kind in arguments.cells:
        print(measure(kind, arguments.hidden, arguments.batch, arguments.steps, arguments.rounds))


if __name__ == "__main__":
    main()
