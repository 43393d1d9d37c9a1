"""Networks and trainings of every kind, small, each under a name that says what it is.

Only what README shows is called, so that the same file runs on trees of before and after a change. What each
draws comes from its name alone: neither order nor neighbors matter.
"""

import inspect
import zlib
from collections.abc import Callable
from functools import partial
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from golden.arithmetic import HAS_CONTROL, blas_threads
from golden.digests import Results
from numpy.typing import NDArray

from unrolled import data, rnn

Configuration = Callable[[], Results]


def spelled(function: Callable[..., Any], *names: str) -> str:
    """Return which of these names a keyword has in the tree at hand."""
    parameters = inspect.signature(function).parameters
    return next(name for name in names if name in parameters)


BPTT_STEPS = spelled(rnn.ManyToOne.loss_and_gradients, "bptt_steps", "window")
TRAINING_BPTT_STEPS = spelled(rnn.train, "bptt_steps", "window")
CHECKPOINT_EVERY = spelled(rnn.train, "checkpoint_every", "every")
StepDecay: Any = getattr(rnn, "StepDecay", None) or getattr(rnn, "Step", None)

D, C, H = 3, 4, 10
CELLS: dict[str, Any] = {"Tanh": rnn.Tanh, "ReLU": rnn.ReLU, "LSTM": rnn.LSTM, "GRU": rnn.GRU}
DEPTHS: dict[str, Callable[[Any, int], Any]] = {
    "one layer": lambda cell, h: cell(h),
    "two layers": lambda cell, h: [cell(h), cell(h + 1)],
    "both ways": lambda cell, h: rnn.Bidirectional(cell(h)),
    "both ways, then one": lambda cell, h: [rnn.Bidirectional(cell(h)), cell(h - 3)],
}
READOUTS: dict[str, Any] = {
    "Last": rnn.Last(),
    "Mean": rnn.Mean(),
    "EveryStep": rnn.EveryStep(),
    "EveryStep weighted": rnn.EveryStep((0, 0, *range(1, 49))),
}
WEIGHTS = (0.5, 1.0, 2.0, 3.5)
HEADS: dict[str, Any] = {
    f"{kind.__name__}{said}": kind(**settings)
    for kind in (rnn.Sigmoid, rnn.Softmax)
    for said, settings in (
        ("", {}),
        (" weighted", {"class_weights": WEIGHTS}),
        (" smoothed", {"label_smoothing": 0.1}),
        (" weighted, smoothed", {"class_weights": WEIGHTS, "label_smoothing": 0.2}),
    )
}
DROPOUTS: dict[str, Any] = {
    "inputs": rnn.Dropout(inputs=0.3),
    "layers": rnn.Dropout(layers=0.4),
    "recurrence": rnn.Dropout(recurrence=0.3),
    "everywhere": rnn.Dropout(0.2, 0.3, 0.25),
}
DTYPES: dict[str, Any] = {"float32": np.float32, "float64": np.float64}
LENGTHS = ("equal", "different")


def drawn(name: str) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(name.encode()))


def batch(rng: np.random.Generator, m: int, T: int, lengths: str) -> tuple[Any, Any, NDArray[np.int64] | None]:
    X, y = rng.standard_normal((m, T, D)), rng.integers(0, C, m)
    return X, y, None if lengths == "equal" else rng.integers(1, T + 1, m)


def step(
    name: str,
    cells: Any,
    *,
    m: int = 5,
    T: int = 20,
    lengths: str = "equal",
    dropout: Any = None,
    bptt_steps: int | None = None,
    scale: float = 1.0,
    dtype: Any = np.float32,
    **parts: Any,
) -> Results:
    """One batch forward and back, and everything there is to see; with masks or truncation, loss and gradients."""
    rng = drawn(name)
    net = rnn.ManyToOne(cells, D, C, rng=rng, dtype=dtype, **parts)
    for array in net.parameters.values():
        array *= array.dtype.type(scale)
    X, y, n = batch(rng, m, T, lengths)
    masks = None if dropout is None else dropout.draw(m, net.widths, rng, net.dtype)
    truncated: dict[str, Any] = {} if bptt_steps is None else {BPTT_STEPS: bptt_steps}
    loss, gradients = net.loss_and_gradients(X, y, n, masks=masks, **truncated)
    results = {"parameters": net.parameters, "loss": loss, **gradients}
    if masks is not None:
        return {**results, "masks": [*masks.inputs, *masks.recurrence], "loss alone": net.loss(X, y, n, masks=masks)}
    if truncated:
        return results
    forward = net.forward(X, n)
    backward = net.backward(forward, y)
    results |= {"A": forward.A, "logits": forward.logits, "Y_hat": forward.Y_hat}
    results |= {"recorded": [backward.loss, backward.gradients], "dA": backward.dA, "delta": backward.delta}
    results |= {"predict_proba": net.predict_proba(X, lengths=n), "predict": net.predict(X, n)}
    return {**results, "evaluate": list(net.evaluate(X, y, n)), "loss alone": net.loss(X, y, n)}


def imaginary(name: str, cells: Any, readout: Any) -> Results:
    """Loss and gradients of the complex network that the complex step is taken with."""
    rng = drawn(name)
    net = rnn.ManyToOne(cells, D, C, readout=readout, rng=rng, dtype=np.float64).astype(np.complex128)
    for array in net.parameters.values():
        array += 1e-3j * rng.standard_normal(array.shape)
    X, y, _ = batch(rng, 4, 18, "equal")
    loss, gradients = net.loss_and_gradients(X, y)
    return {"loss": loss, **gradients}


def streamed(name: str, cells: Any, **parts: Any) -> Results:
    rng = drawn(name)
    net = rnn.ManyToOne(cells, D, C, rng=rng, **parts)
    stream = net.stream()
    return {"fed": np.stack([stream.feed(x) for x in rng.standard_normal((20, D))])}


def begun(name: str, initializer: Any) -> Results:
    cells: Any = [rnn.Bidirectional(rnn.GRU(4)), rnn.LSTM(5, forget_bias=1.5)]
    return {"parameters": rnn.ManyToOne(cells, D, C, initializer=initializer, rng=drawn(name)).parameters}


def history_of(history: Any) -> Results:
    curves = {
        part: None if curve is None else {"epochs": curve.epochs, "loss": curve.loss, "accuracy": curve.accuracy}
        for part, curve in (("validation", history.validation), ("test", history.test))
    }
    measured = {name: getattr(history, name) for name in ("loss", "gradient_norm", "clipped", "best_epoch", "ended")}
    return {**measured, **curves}


def training(
    name: str,
    cells: Any = None,
    *,
    N: int = 40,
    T: int = 12,
    lengths: str = "equal",
    held_out: bool = True,
    threads: int = 1,
    dtype: Any = np.float32,
    parts: dict[str, Any] | None = None,
    **settings: Any,
) -> Results:
    """A short training: what it leaves in the parameters and in the history."""
    rng = drawn(name)
    net = rnn.ManyToOne(cells or rnn.Tanh(8), D, C, rng=rng, dtype=dtype, **(parts or {}))
    samples, validation, test = (batch(rng, n, T, lengths) for n in (N, 15, 7))
    others: dict[str, Any] = {"validation": validation, "test": test} if held_out else {}
    settings = {"optimizer": rnn.SGD(0.1), "batch_size": 16, "epochs": 3, **settings}
    with blas_threads(threads):
        history = rnn.train(net, samples, rng=rng, progress=False, **others, **settings)
        scores = net.predict_proba(samples[0], samples[2])
    return {**net.parameters, "history": history_of(history), "predict_proba": scores}


class Killed(Exception):
    """Raised in the middle of a training."""


def resumed(name: str) -> Results:
    """A training that was killed in its second epoch, from its checkpoint to its end."""

    def kill(epoch: int, *_: Any) -> None:
        if epoch == 2:
            raise Killed

    rng = drawn(name)
    samples = batch(rng, 40, 12, "different")
    net: rnn.Network = rnn.ManyToOne(rnn.GRU(6), D, C, rng=rng)
    settings: dict[str, Any] = {"optimizer": rnn.Adam(0.01), "dropout": rnn.Dropout(0.1, 0.1, 0.1), "epochs": 3}
    with TemporaryDirectory() as folder:
        path = Path(folder) / "run.h5"
        settings |= {"checkpoint": path, CHECKPOINT_EVERY: 1, "batch_size": 9}
        try:
            rnn.train(net, samples, rng=rng, progress=False, on_epoch=kill, **settings)
        except Killed:
            net, history = rnn.resume(path, samples, progress=False)
    return {**net.parameters, "history": history_of(history)}


def augmented(name: str, change: Any) -> Results:
    rng = drawn(name)
    results = {said: change(rng.standard_normal((4, 30, 6)).astype(dtype), rng) for said, dtype in DTYPES.items()}
    return {**results, "drawn next": rng.random()}


def movements() -> Results:
    """The recordings that ship with the library, as windows, divided by person, and a training on some of them."""
    everything = data.load_shoulder_exercises()
    train, validation = everything.train.split(0.1, by="person", rng=0)
    results: Results = {
        part: [samples.X, samples.y, samples.person, samples.trial]
        for part, samples in (("train", train), ("validation", validation), ("test", everything.test))
    }
    net = rnn.ManyToOne(rnn.Tanh(50), 3, 7, rng=0)
    some = slice(None, None, 20)
    history = rnn.train(net, (train.X[some], train.y[some]), optimizer=rnn.SGD(0.01), epochs=1, rng=0, progress=False)
    return {**results, **net.parameters, "history": history_of(history)}


def recorded(name: str) -> Results:
    rng = drawn(name)
    recordings = [
        (rng.standard_normal((int(rng.integers(300, 600)), 3)), label, person)
        for label, person in product(("walk", "run"), range(4))
    ]
    found = data.from_recordings(recordings)
    return {part: [s.X, s.y, s.person] for part, s in (("train", found.train), ("test", found.test))}


AUGMENT = data.augment
CHANGES: dict[str, Any] = {
    "Jitter": AUGMENT.Jitter(0.1),
    "Scale": AUGMENT.Scale(0.2),
    "Rotation": AUGMENT.Rotation(0.5),
    "MagnitudeWarp": AUGMENT.MagnitudeWarp(),
    "TimeWarp": AUGMENT.TimeWarp(),
    "Permutation": AUGMENT.Permutation(3, 5),
    "WindowSlice": AUGMENT.WindowSlice(),
    "Compose": AUGMENT.Compose([AUGMENT.Rotation(0.5), AUGMENT.TimeWarp(0.2)]),
    "OneOf": AUGMENT.OneOf([AUGMENT.Jitter(), AUGMENT.Scale()]),
    "Sometimes": AUGMENT.Sometimes(0.5, AUGMENT.Jitter()),
}
INITIALIZERS: dict[str, Any] = {
    "xavier_normal": rnn.xavier_normal,
    "xavier_uniform": rnn.xavier_uniform,
    "uniform": rnn.uniform(-0.2, 0.3),
    "orthogonal": rnn.orthogonal,
    "one for each": {"W_hh": rnn.identity, "W_ih": rnn.orthogonal},
}
SIZES = [(1, 1), (1, 17), (3, 1), (3, 16), (3, 40), (33, 1), (33, 17), (33, 40), (10, 150)]
TRAININGS: dict[str, dict[str, Any]] = {
    "SGD": {},
    "momentum": {"optimizer": rnn.SGD(0.05, momentum=0.9)},
    "Nesterov": {"optimizer": rnn.SGD(0.05, momentum=0.9, nesterov=True)},
    "RMSProp": {"optimizer": rnn.RMSProp(0.01)},
    "Adam": {"optimizer": rnn.Adam(0.01)},
    "AdamW": {"optimizer": rnn.AdamW(0.01, 0.05)},
    "ClipNorm": {"clip": rnn.ClipNorm(0.3)},
    "ClipValue": {"clip": rnn.ClipValue(0.02)},
    "Constant": {"schedule": rnn.Constant()},
    "StepDecay": {"schedule": StepDecay(2, 0.3)},
    "Cosine": {"schedule": rnn.Cosine(3)},
    "WarmUp": {"schedule": rnn.WarmUp(1, then=rnn.Cosine(5))},
    "ReduceOnPlateau": {"schedule": rnn.ReduceOnPlateau(0.5, 1), "epochs": 8, "optimizer": rnn.SGD(2.0)},
    "dropout": {"dropout": rnn.Dropout(0.1, 0.2, 0.1)},
    "l2": {"l2": 0.01},
    "truncated": {TRAINING_BPTT_STEPS: 5},
    "early stopping": {"early_stopping": rnn.EarlyStopping(2), "epochs": 9, "optimizer": rnn.SGD(3.0)},
    "measured rarely": {"evaluate_every": 2},
    "nothing held out": {"held_out": False},
}


def configurations() -> dict[str, Configuration]:
    """Every configuration, by name."""
    all_of_them: dict[str, Configuration] = {}

    def add(function: Callable[..., Results], name: str, *values: Any, **settings: Any) -> None:
        assert name not in all_of_them, name
        all_of_them[name] = partial(function, name, *values, **settings)

    for n, (cell, depth, readout, lengths) in enumerate(product(CELLS, DEPTHS, READOUTS, LENGTHS)):
        dtype = list(DTYPES)[(n + n // 2 + n // 8) % 2]  # each beside every value of the others
        parts = {"readout": READOUTS[readout], "dtype": DTYPES[dtype], "lengths": lengths}
        add(step, f"{cell}, {depth}, {readout}, {lengths} lengths, {dtype}", DEPTHS[depth](CELLS[cell], H), **parts)
    for n, (cell, readout, lengths) in enumerate(product(CELLS, READOUTS, LENGTHS)):
        dtype = list(DTYPES)[(n + n // 2) % 2]
        cells = [rnn.Bidirectional(CELLS[cell](H)), rnn.Bidirectional(CELLS[cell](H - 3))]
        parts = {"readout": READOUTS[readout], "dtype": DTYPES[dtype], "lengths": lengths}
        add(step, f"{cell}, both ways twice, {readout}, {lengths} lengths, {dtype}", cells, **parts)
    for cell, (m, T), (dtype, kind) in product(CELLS, SIZES, DTYPES.items()):
        add(step, f"{cell}, batch of {m}, {T} steps, {dtype}", CELLS[cell](H), m=m, T=T, dtype=kind)
    for cell, (m, T, h), lengths in product(CELLS, ((30, 60, 50), (64, 40, 64), (130, 20, 100)), LENGTHS):
        large = {"m": m, "T": T, "lengths": lengths}
        add(step, f"{cell} of {h}, batch of {m}, {T} steps, {lengths} lengths", CELLS[cell](h), **large)
    for (head, each), readout, (dtype, kind) in product(HEADS.items(), ("Last", "EveryStep"), DTYPES.items()):
        parts = {"head": each, "readout": READOUTS[readout], "dtype": kind, "lengths": "different"}
        add(step, f"{head}, {readout}, {dtype}", rnn.Tanh(H), **parts)
    for cell, depth, dropout, lengths in product(CELLS, ("two layers", "both ways, then one"), DROPOUTS, LENGTHS):
        cells, parts = DEPTHS[depth](CELLS[cell], H), {"dropout": DROPOUTS[dropout], "lengths": lengths}
        add(step, f"{cell}, {depth}, dropout {dropout}, {lengths} lengths", cells, T=18, **parts)
    for cell, depth, steps, lengths in product(CELLS, ("one layer", "two layers"), (1, 5, 16, 17, 40), LENGTHS):
        parts = {"bptt_steps": steps, "lengths": lengths, "readout": READOUTS["Last" if steps % 2 else "Mean"]}
        add(
            step,
            f"{cell}, {depth}, truncated to {steps}, {lengths} lengths",
            DEPTHS[depth](CELLS[cell], H),
            T=40,
            **parts,
        )
    for cell, lengths in product(CELLS, LENGTHS):
        parts = {"dropout": DROPOUTS["everywhere"], "bptt_steps": 7, "lengths": lengths}
        add(step, f"{cell}, dropout and truncation, {lengths} lengths", CELLS[cell](H), **parts)
    for cell, (dtype, kind), lengths in product(CELLS, DTYPES.items(), LENGTHS):
        # Saturated units, or weights that are next to nothing: the gradient is gone long before the first step.
        scale, T = 30.0 if cell == "Tanh" else 0.05, 150 if dtype == "float32" else 1200
        parts = {"scale": scale, "T": T, "dtype": kind, "lengths": lengths}
        add(step, f"{cell}, vanishing, {lengths} lengths, {dtype}", CELLS[cell](H), **parts)
    for cell, readout in product(CELLS, ("Last", "EveryStep")):
        add(imaginary, f"{cell}, {readout}, complex", CELLS[cell](5), READOUTS[readout])
    for cell, depth, readout in product(CELLS, ("one layer", "two layers"), READOUTS):
        add(streamed, f"{cell}, {depth}, {readout}, streamed", DEPTHS[depth](CELLS[cell], H), readout=READOUTS[readout])
    for initializer, each in INITIALIZERS.items():
        add(begun, f"begun by {initializer}", each)
    for what, settings in TRAININGS.items():
        add(training, f"training, {what}", **settings)
    for cell, depth, lengths in product(CELLS, DEPTHS, LENGTHS):
        add(training, f"training, {cell}, {depth}, {lengths} lengths", DEPTHS[depth](CELLS[cell], 6), lengths=lengths)
    for optimizer in ("momentum", "RMSProp", "Adam", "AdamW"):
        add(training, f"training, {optimizer}, float64", dtype=np.float64, **TRAININGS[optimizer])
    for change, each in CHANGES.items():
        add(augmented, f"augmentation, {change}", each)
        add(training, f"training, augmented by {change}", augment=each, T=20)
    if HAS_CONTROL:  # else nothing is divided
        for cell, lengths in product(CELLS, LENGTHS):
            # At least 8192 samples times units; a step so long that what it leaves is the gradient.
            divided = {"N": 70, "batch_size": 70, "threads": 2, "epochs": 1, "optimizer": rnn.SGD(1024.0)}
            name = f"training, {cell}, two threads, {lengths} lengths"
            add(training, name, CELLS[cell](128), lengths=lengths, held_out=False, **divided)
    add(resumed, "training, killed and resumed")
    add(lambda _: movements(), "shoulder exercises")
    add(recorded, "windows of recordings")
    return all_of_them
