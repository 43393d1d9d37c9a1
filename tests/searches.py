"""Small searches, and trials that other processes can import."""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Mapping
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unrolled import data, rnn, sweep
from unrolled.rnn.training.history import History

POINTS = sweep.grid({"learning_rate": [0.01, 0.1], "clip": [None, rnn.ClipNorm(1.0)], "hidden": 5, "epochs": 2})


def samples(n: int = 48, T: int = 8, seed: int = 0) -> data.Samples:
    """Three classes that one sensor tells apart, of six people."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 3
    X = (0.3 * rng.standard_normal((n, T, 2)) + y[:, None, None]).astype(np.float32)
    return data.Samples(X, y, np.arange(n) // 3 % 6)


def look(point: Mapping[str, Any], training: sweep.Part, validation: sweep.Part, rng: np.random.Generator) -> Any:
    """Train nothing: say what was handed over."""
    return {
        "accuracy": point["a"],
        "drawn": float(rng.random()),
        "training": training.X.sum(),
        "validation": np.float32(validation.X.sum()),
        "people": sorted(set(validation.person.tolist())) if validation.person is not None else None,
        "both": sorted(set(validation.person) & set(training.person)) if training.person is not None else None,  # type: ignore[arg-type]  # both or neither
        "process": os.getpid(),
    }


def fragile(point: Mapping[str, Any], training: sweep.Part, validation: sweep.Part, rng: np.random.Generator) -> Any:
    """End the process it runs in, the first time that its point is one that asks for it."""
    if point.get("marker"):
        try:
            Path(point["marker"]).touch(exist_ok=False)
        except FileExistsError:
            if point.get("always") and not Path(point["marker"]).is_symlink():
                os.kill(os.getpid(), signal.SIGKILL)
        else:
            os.kill(os.getpid(), signal.SIGKILL)
    trained = {name: value for name, value in point.items() if name not in ("marker", "always")}
    return sweep.train_network(trained, training, validation, rng)


def unsteady(
    point: Mapping[str, Any],
    training: sweep.Part,  # noqa: ARG001 - every trial's
    validation: sweep.Part,  # noqa: ARG001 - every trial's
    rng: np.random.Generator,  # noqa: ARG001 - every trial's
) -> Any:
    """Diverge, raise, end, or measure nothing, as the point has it."""
    if point["a"] == 1:
        raise rnn.DivergenceError("the training loss became nan", 3, 7, History())
    if point["a"] == 2:
        raise KeyError("a bug")
    if point["a"] in ("number", "object"):
        return 0.5 if point["a"] == "number" else {"accuracy": object()}
    if point["a"] == "exit":
        sys.exit(0)
    if point["a"] == "array":
        return {"loss": 1.0, "accuracy": np.array([0.5, 0.6])}
    if point["a"] == "arrays":
        return {"accuracy": np.float32(0.5), "curve": np.array([1.0, np.inf]), "more": {"n": (1, "x", None)}}
    return {"accuracy": float("nan") if point["a"] == 3 else 0.5, "loss": 1.0 - point["a"]}


class LikeMPI(Executor):
    """As mpi4py's pool: all that goes there and back is pickled, and its workers share nothing with this process."""

    def __init__(self) -> None:
        self.calls: list[int] = []

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        import pickle

        sent = pickle.dumps((fn, args, kwargs))
        self.calls.append(len(sent))
        fn, args, kwargs = pickle.loads(sent)
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()
        try:
            future.set_result(pickle.loads(pickle.dumps(fn(*args, **kwargs))))
        except Exception as error:
            future.set_exception(error)
        return future


def numbers(results: sweep.Results) -> NDArray[Any]:
    """Return every number that was measured, to the bit."""
    return np.array([[row.metrics[name] for name in ("accuracy", "loss", "training_loss")] for row in results])


def pressing(point: Mapping[str, Any], training: sweep.Part, validation: sweep.Part, rng: np.random.Generator) -> Any:
    """Press Ctrl-C in the process of the search, or wait for a file, the first time that its point asks for it."""
    waited = 0
    while point.get("until") and not Path(point["until"]).exists() and waited < 600:
        time.sleep(0.1)
        waited += 1
    if point.get("marker"):
        with contextlib.suppress(FileExistsError):
            Path(point["marker"]).touch(exist_ok=False)
            os.kill(point["search"], signal.SIGINT)
    trained = {name: value for name, value in point.items() if name not in ("marker", "search", "until")}
    return sweep.train_network(trained, training, validation, rng)


def waiting(
    point: Mapping[str, Any],  # noqa: ARG001 - every trial's
    training: sweep.Part,  # noqa: ARG001 - every trial's
    validation: sweep.Part,  # noqa: ARG001 - every trial's
    rng: np.random.Generator,  # noqa: ARG001 - every trial's
) -> Any:
    """Say which process this is, by a file, and wait for a minute."""
    Path(f"worker-{os.getpid()}").touch()
    time.sleep(60)
    return {"accuracy": 0.5}


def nap(
    point: Mapping[str, Any],  # noqa: ARG001 - every trial's
    training: sweep.Part,  # noqa: ARG001 - every trial's
    validation: sweep.Part,  # noqa: ARG001 - every trial's
    rng: np.random.Generator,  # noqa: ARG001 - every trial's
) -> Any:
    """Take half a second."""
    time.sleep(0.5)
    return {"accuracy": 0.5}
