"""Letters: the next letter of the standard library's own source, by this library, by PyTorch, and by plain NumPy."""

import cProfile
import pstats
import sysconfig
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from task_plain import Plain
from task_problems import Outcome

import unrolled
from unrolled import rnn

LIBRARY = Path(unrolled.__file__).parent

SIZE, TESTED = 1_000_000, 100_000
"""Letters to train on, and to be tested on."""

HIDDEN, ROWS, STEPS, READINGS, RATE = 128, 32, 50, 2, 0.005
"""Units; readers side by side; steps between updates; how often the text is read; Adam's rate, with a cosine."""

Codes = NDArray[np.int64]


@cache
def text() -> tuple[Codes, Codes, list[str]]:
    """Return what is trained on and tested on, as numbers of letters, and the alphabet."""
    sources = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))
    written = "".join(path.read_text(encoding="utf-8", errors="ignore") for path in sources)[: SIZE + TESTED]
    alphabet = sorted(set(written))
    codes = np.searchsorted(alphabet, list(written))
    return codes[:SIZE], codes[SIZE:], alphabet


def rows() -> tuple[Codes, Codes]:
    """Return the text for readers side by side, and the letters that come next, (ROWS, T)."""
    codes, _, _ = text()
    parts = codes[: SIZE // ROWS * ROWS].reshape(ROWS, -1)
    return parts[:, :-1], parts[:, 1:]


def network(cell: type[Any], seed: int) -> rnn.ManyToMany:
    """Return an untrained network."""
    D = len(text()[2])
    return rnn.ManyToMany(cell(HIDDEN), n_inputs=D, n_classes=D, head=rnn.Softmax(), rng=seed)


def letters(seed: int, cell: type[Any]) -> Outcome:
    """Train a network of this library; return the bits a letter of the text it has not read, and what it writes."""
    net, (X, y), test = network(cell, seed), rows(), text()[1][None]
    bits: list[float] = []

    def measure(*_: object) -> None:
        bits.append(net.evaluate(test[:, :-1], test[:, 1:])[0] / float(np.log(2)))

    rnn.train(
        net,
        (X, y),
        stateful=True,
        bptt_steps=STEPS,
        optimizer=rnn.Adam(RATE),
        schedule=rnn.Cosine(READINGS),
        clip=rnn.ClipNorm(1.0),
        batch_size=ROWS,
        epochs=READINGS,
        rng=seed,
        progress=False,
        on_epoch=measure,
    )
    alphabet = text()[2]
    begun = [[alphabet.index(letter) for letter in "def "]]
    said = rnn.generate(net, begun, 400, temperature=0.7, rng=seed)[0]
    return {
        "value": bits[-1],
        "curve": bits,
        "updates": X.shape[1] // STEPS,
        "written": "".join(alphabet[n] for n in said),
    }


class InTorch:
    """The same network in PyTorch, with the same first weights, and its training."""

    def __init__(self, cell: type[Any], seed: int) -> None:
        import torch

        torch.set_num_threads(1)
        ours, D = network(cell, seed).parameters, len(text()[2])
        self.torch, self.D = torch, D
        self.cell = {rnn.GRU: torch.nn.GRU, rnn.LSTM: torch.nn.LSTM}[cell](D, HIDDEN, batch_first=True)
        self.readout = torch.nn.Linear(HIDDEN, D)
        self.one_hot = torch.nn.Embedding.from_pretrained(torch.eye(D))
        with torch.no_grad():
            names = {"W_ih": self.cell.weight_ih_l0, "W_hh": self.cell.weight_hh_l0, "b_h": self.cell.bias_ih_l0}
            for name, W in (names | {"W_ho": self.readout.weight, "b_o": self.readout.bias}).items():
                W.copy_(torch.from_numpy(ours[name]))
            self.cell.bias_hh_l0.zero_()
        self.trained = [*self.cell.parameters(), *self.readout.parameters()]
        self.optimizer = torch.optim.Adam(self.trained, RATE)

    def logits(self, X: Any, state: Any = None) -> tuple[Any, Any]:
        """Return logits (m, T, D), and the state after them."""
        A, state = self.cell(self.one_hot(X), state)
        return self.readout(A), state

    def update(self, X: Any, y: Any, state: Any) -> Any:
        """Take one step on a window; return the state after it."""
        self.optimizer.zero_grad()
        Z, state = self.logits(X, state)
        loss = self.torch.nn.functional.cross_entropy(Z.reshape(-1, self.D), y.reshape(-1))
        loss.backward()
        self.torch.nn.utils.clip_grad_norm_(self.trained, 1.0)
        self.optimizer.step()
        return tuple(each.detach() for each in state) if isinstance(state, tuple) else state.detach()

    def bits(self, codes: Codes) -> float:
        """Return the bits a letter of a text."""
        given = self.torch.from_numpy(codes)[None]
        with self.torch.inference_mode():
            Z, _ = self.logits(given[:, :-1])
            return float(self.torch.nn.functional.cross_entropy(Z[0], given[0, 1:])) / float(np.log(2))


def in_torch(seed: int, cell: type[Any]) -> Outcome:
    """Train the same in PyTorch."""
    net = InTorch(cell, seed)
    X, y = (net.torch.from_numpy(np.ascontiguousarray(each)) for each in rows())
    n, bits = -(-X.shape[1] // STEPS), []
    schedule, history = rnn.Cosine(READINGS), rnn.History()
    for reading in range(READINGS):
        state = None
        for window in range(n):
            progress = reading + window / n
            net.optimizer.param_groups[0]["lr"] = RATE * schedule(progress, history)
            at = slice(window * STEPS, (window + 1) * STEPS)
            state = net.update(X[:, at], y[:, at], state)
        bits.append(net.bits(text()[1]))
    return {"value": bits[-1], "curve": bits, "updates": n}


def plain(seed: int) -> Outcome:
    """Train the plain network, which reads the text letter by letter."""
    codes, test, alphabet = text()
    net, bits = Plain(len(alphabet), HIDDEN, np.random.default_rng(seed)), []
    for _ in range(READINGS):
        net.train(codes.tolist())
        bits.append(net.bits(test.tolist()))
    return {"value": bits[-1], "curve": bits, "updates": SIZE // 25}


# ----------------------------------------------------------------- timings


def seconds(update: Callable[[], object], n: int = 60) -> float:
    """Return the median seconds of an update, after a few to warm up."""
    for _ in range(5):
        update()
    found = []
    for _ in range(n):
        begun = time.perf_counter()
        update()
        found.append(time.perf_counter() - begun)
    return float(np.median(found))


def profile(update: Callable[[], object], n: int = 40) -> list[tuple[str, float]]:
    """Return where an update's time goes, the most first: a function of the library or a call, and its own share.

    What NumPy computes elementwise is counted to the function that asks for it, products by themselves.
    """
    for _ in range(5):
        update()
    watch = cProfile.Profile()
    watch.runcall(lambda: [update() for _ in range(n)])
    own: dict[str, float] = {}
    for (file, _, function), (_, _, seconds, _, _) in pstats.Stats(watch).stats.items():  # type: ignore[attr-defined]
        path = Path(file)
        where = path.relative_to(LIBRARY).as_posix() if path.is_relative_to(LIBRARY) else path.name.removeprefix("~")
        name = f"{where}, {function}".removeprefix(", ")
        own[name] = own.get(name, 0.0) + seconds
    total = sum(own.values())
    return sorted(((name, each / total) for name, each in own.items()), key=lambda pair: -pair[1])


def of_ours(cell: type[Any], *, as_rows: bool = False) -> Callable[[], object]:
    """Return an update of ours: a window forward and back, clipped, Adam; with the symbols, or one-hot rows of them."""
    net, (X, y) = network(cell, 0), rows()
    given: Any = X[:, :STEPS]
    if as_rows:
        given = np.eye(net.n_inputs, dtype=np.float32)[given]
    Y = np.eye(net.n_inputs, dtype=np.float32)[y[:, :STEPS]]
    optimizer, clip = rnn.Adam(RATE), rnn.ClipNorm(1.0)
    moments = optimizer.start(net.parameters)
    state: dict[str, Any] = {}

    def update() -> None:
        _, gradients = net.step(given, Y, state=state or None, final_state=state)
        clip.clip(gradients, float(np.sqrt(sum(float(np.vdot(g, g)) for g in gradients.values()))))
        optimizer.update(net.parameters, gradients, moments, 1.0)

    return update


def of_torch(cell: type[Any]) -> Callable[[], object]:
    """Return an update of PyTorch's."""
    net = InTorch(cell, 0)
    X, y = (net.torch.from_numpy(np.ascontiguousarray(each[:, :STEPS])) for each in rows())
    state = net.update(X, y, None)

    def update() -> None:
        nonlocal state
        state = net.update(X, y, state)

    return update


def of_plain() -> Callable[[], object]:
    """Return an update of the plain network."""
    codes, _, alphabet = text()
    net = Plain(len(alphabet), HIDDEN, np.random.default_rng(0))
    return lambda: net.update(codes[:25].tolist(), codes[1:26].tolist())
