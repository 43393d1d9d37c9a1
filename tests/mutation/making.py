"""Small networks and batches whose numbers are all unlike, so that no mutant goes unseen for one."""

import dataclasses
import importlib
import pkgutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, ClassVar

import numpy as np

from unrolled import rnn
from unrolled._support import blas_threads
from unrolled.rnn import cells
from unrolled.rnn.engine import Recurrence, column_steps, products, rows

D, H, C, T, M = 2, 3, 3, 8, 9
"""More samples than a column has rows, more steps than two chunks; and sizes that are not alike, but for H and C."""

LENGTHS = [3, 8, 8, 1, 5, 8, 2, 5, 3]
Results = list[tuple[str, Any]]


@dataclasses.dataclass(frozen=True)
class Carry(Recurrence):
    """A cell of one's own with all that the engine has for it: a further state, gates, arrays, two ways to A_{t-1}."""

    hidden: int
    gates: ClassVar[int] = 2
    arrays: ClassVar[dict[str, int]] = {"f": 1, "g": 1}
    further_states: ClassVar[tuple[str, ...]] = ("C",)

    def forward(self, parameters: Any, trace: Any) -> None:
        """A_t = tanh(C_t) + 0.3 A_{t-1}, where C_t = f_t * C_{t-1} + g_t."""
        W_ih, W_hh, b_h = parameters["W_ih"], parameters["W_hh"], parameters["b_h"]
        for segment in trace.forward_segments():
            for X, seen, f, g, C_before, C, A_before, A in segment.steps(
                "X", "seen", "f", "g", "C_before", "C", "A_before", "A"
            ):
                Z = X @ W_ih.T + seen @ W_hh.T + b_h
                f[...], g[...] = (1 + np.tanh(Z[:, : self.hidden] / 2)) / 2, np.tanh(Z[:, self.hidden :])
                C[...] = f * C_before + g
                A[...] = np.tanh(C) + 0.3 * A_before

    def backward(self, parameters: Any, trace: Any) -> Any:
        """Its gradients."""
        W_hh = parameters["W_hh"]
        dW_ih, dW_hh, db_h = (np.zeros_like(W) for W in parameters.values())
        for chunk in trace.backward_chunks():
            for f, g, C, C_before, delta, dseen, dA, dC in chunk.steps(
                "f", "g", "C", "C_before", "delta.T", "dseen", "dA", "dC"
            ):
                if not len(dA):
                    raise ValueError("a step of no sample, expected to be left out")
                dC += dA * (1 - np.tanh(C) ** 2)
                delta[...] = np.concatenate([dC * C_before * f * (1 - f), dC * (1 - g * g)], axis=1).T
                dC *= f
                dseen[...] = delta.T @ W_hh
                dA *= 0.3
            dW_ih += chunk.outer("delta", "X")
            dW_hh += chunk.outer("delta", "seen")
            db_h += chunk.outer("delta", "inputs")[:, -1]
        return {"W_ih": dW_ih, "W_hh": dW_hh, "b_h": db_h}


@dataclasses.dataclass(frozen=True)
class Misshapen(rnn.Tanh):
    """A cell of one's own of which one gradient has another shape than its parameter."""

    def backward(self, parameters: Any, trace: Any) -> Any:
        """Its gradients, one of them misshapen."""
        return {**super().backward(parameters, trace), "b_h": np.zeros(self.hidden + 1)}


@dataclasses.dataclass(frozen=True)
class Forgetful(rnn.Tanh):
    """A cell of one's own that cannot be handed a state to go on from, a step at a time."""

    def states(self, parameters: Any, steps: Any, m: int) -> Any:  # type: ignore[override]
        """From 0."""
        return super().states(parameters, steps, m)


def recurrences() -> list[Any]:
    """Return every cell with a number of hidden units that a file of ``rnn.cells`` has, with so many; and one's own."""
    kinds: set[Any] = {Carry}
    for found in pkgutil.iter_modules(cells.__path__):
        module = importlib.import_module(f"{cells.__name__}.{found.name}")
        for kind in vars(module).values():
            here = dataclasses.is_dataclass(kind) and kind.__module__ == module.__name__
            if here and "hidden" in {field.name for field in dataclasses.fields(kind)}:
                kinds.add(kind)
    return [kind(H) for kind in sorted(kinds, key=lambda kind: str(kind.__name__))]


@contextmanager
def exchanged(values: dict[tuple[Any, str], Any]) -> Iterator[None]:
    """Give modules other constants meanwhile."""
    before = {(module, name): getattr(module, name) for module, name in values}
    for (module, name), value in values.items():
        setattr(module, name, value)
    try:
        yield
    finally:
        for (module, name), value in before.items():
            setattr(module, name, value)


def small_chunks() -> AbstractContextManager[None]:
    """Chunks of three steps, so that a short sequence has several."""
    return exchanged(
        {
            (column_steps, "COLUMNS"): 27,
            (rows, "CHUNK"): 3,
            (products, "VECTOR"): 32,
            (products, "SPARE"): 1,
            (products, "SMALL"): 250,
            (products, "has_avx512"): lambda: True,
        }
    )


def as_if_large(cell: Any) -> AbstractContextManager[None]:
    """As if any batch were large: it is divided among threads, and a cell's page may have another way for it."""
    modules = [importlib.import_module(kind.__module__) for kind in type(cell).__mro__[:-1]]
    return exchanged({(module, "WORTH"): 1 for module in [*modules, blas_threads] if hasattr(module, "WORTH")})


def network(made_of: Any, kind: Any = rnn.ManyToOne, **parts: Any) -> Any:
    """Make a network with no weight and no bias at 0, whose states are neither small nor near 1."""
    net = kind(made_of, D, C, rng=5, dtype=np.float64, **parts)
    rng = np.random.default_rng(7)
    for W in net.parameters.values():
        W[...] = rng.uniform(0.2, 0.7, W.shape) * rng.choice([-1, 1], W.shape)
    return net


def batch(m: int = M, steps: int = T) -> tuple[Any, Any]:
    """Return X and y."""
    rng = np.random.default_rng(11)
    return rng.standard_normal((m, steps, D)), rng.integers(0, C, m)


def masks_of(net: Any) -> Any:
    """Return masks that are neither 0 nor 1."""
    rng = np.random.default_rng(3)
    widths = net.widths
    drawn: list[Any] = [rng.uniform(0.5, 1.5, (M, width)) for width in [*widths, *widths[1:]]]
    return rnn.Masks(drawn[: len(widths)], drawn[len(widths) :])


def copied(arrays: Any) -> Any:
    """Return what later passes do not change."""
    return {name: array.copy() for name, array in arrays.items()}
