"""One page a contestant: how a person who knows that library writes the training step and the prediction.

Each page has

- ``CELLS``: the recurrences it can do;
- ``versions()``: what is compared, by name;
- ``wake()``: one small operation, so that what its library sets up once is not counted as a case's memory;
- ``TRAINERS`` and ``PREDICTORS``: by name, each way of doing the work there is. Where there is more than one,
  a short trial before a case picks the fastest.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from work import GATES, Array, Parameters, Work


@dataclass(frozen=True)
class Trainer:
    """One way to train.

    Attributes
    ----------
    begin : callable
        Before a turn, not timed: the parameters are the initial ones again.
    run : callable
        One training step: forward, backward, update. Returns the loss before the update.
    parameters : callable
        The parameters as they are, as NumPy arrays with the names, shapes and orientation of ``Work.parameters``.
    """

    begin: Callable[[], None]
    run: Callable[[], float]
    parameters: Callable[[], Parameters]


@dataclass(frozen=True)
class Predictor:
    """One way to predict; ``run`` returns the probabilities (m, C) at the initial parameters as a NumPy array."""

    begin: Callable[[], None]
    run: Callable[[], Array]


class Page(Protocol):
    """What a page of this folder holds."""

    CELLS: tuple[str, ...]
    TRAINERS: Mapping[str, Callable[[Work], Trainer]]
    PREDICTORS: Mapping[str, Callable[[Work], Predictor]]

    def versions(self) -> dict[str, str]:
        """Return name and version of each library used."""

    def wake(self) -> None:
        """Do one small operation."""


def nothing() -> None:
    """Begin a turn that needs no beginning."""


@dataclass(frozen=True)
class Contestant:
    """A column of the table.

    Attributes
    ----------
    title : str
        Its heading.
    page : str
        The module in this folder.
    ways : tuple of str
        The ways of that page it may use; all where empty.
    gated : tuple of str
        Those it may use for a cell with gates, whose programs take several times as long to build: the fastest found
        at some sizes among those built in half a minute. All where empty.
    understudy : str
        The page whose ways of the same names stand the trial in its place, where building is too dear to
        build all of them.
    from_size : int
        Stands only in cases of at least so many samples times hidden units.
    slow : tuple of str
        Ways so slow to build that a quick run does without them; where these are all, it does without the contestant.
    environment : mapping
        Variables to set for its process.
    """

    title: str
    page: str
    ways: tuple[str, ...] = ()
    gated: tuple[str, ...] = ()
    understudy: str = ""
    slow: tuple[str, ...] = ()
    from_size: int = 0
    environment: Mapping[str, str] = field(default_factory=dict)

    def may_take(self, way: str, cell: str) -> bool:
        """Tell whether it may use a way for a cell."""
        kept = self.gated if GATES[cell] > 1 else ()
        return (not self.ways or way in self.ways) and (not kept or way in kept)


THREAD_VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS")
"""Taken out of every contestant's environment, so that each runs with the defaults its users get."""

OURS = Contestant("ours", "ours")
OURS_ALONE = Contestant("ours, 1 BLAS thread", "ours", environment=dict.fromkeys(THREAD_VARIABLES, "1"))
TORCH = (
    Contestant("PyTorch, 1 thread", "torch_eager", ways=("1 thread",)),
    Contestant("PyTorch, 2 threads", "torch_eager", ways=("2 threads",)),
)
COMPILED = Contestant(
    "torch.compile", "torch_compiled", understudy="torch_eager", slow=("1 thread", "2 threads"), from_size=16384,
    environment={"TORCHINDUCTOR_COMPILE_THREADS": "1"},
)  # fmt: skip
JAX = Contestant(
    "JAX", "jax_scan", gated=tuple(f"unroll {n}, input {where} the scan" for where in ("before", "in") for n in (1, 5))
)
KERAS_GRAPH = Contestant(
    "Keras/TF graph", "keras_graph", ways=("graph",), environment={"TF_CPP_MIN_LOG_LEVEL": "3"}
)  # the way that the goals' figures were taken
KERAS = Contestant(
    "Keras/TF, fastest", "keras_graph", gated=("graph", "XLA"), slow=("XLA, unrolled",),
    environment={"TF_CPP_MIN_LOG_LEVEL": "3"},
)  # fmt: skip
TEXTBOOK = Contestant("textbook NumPy", "textbook")

CONTESTANTS = (OURS, OURS_ALONE, *TORCH, COMPILED, JAX, KERAS_GRAPH, KERAS, TEXTBOOK)
