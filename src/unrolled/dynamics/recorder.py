"""What a training's network is like along the way."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from os import PathLike, fspath
from pathlib import Path
from typing import Any

import numpy as np

from unrolled._support.validation import refuse_masked, whole_number
from unrolled.dynamics.curvature import curvature
from unrolled.dynamics.gradient_profile import gradient_profile
from unrolled.dynamics.system import System, inputs_of
from unrolled.rnn import Network, StorageError, storage
from unrolled.rnn.arrays import Array, IntArray

FORMAT = "unrolled record 1"
NUMBERS = ("loss", "gradient_norm", "sharpness", "spectral_radius", "jacobian_radius", "memory")
STATES = 24
"""At so many of the states that occurred the Jacobian's spectral radius is taken."""


@dataclass(frozen=True)
class Record:
    """What a :class:`Recorder` has measured, K times.

    Attributes
    ----------
    at : ndarray of int, shape (K,)
        After which epoch, or batch, counted from 1.
    loss, gradient_norm : ndarray, shape (K,)
        E on the recorder's samples, and the norm of its gradient in all parameters.
    sharpness : ndarray, shape (K,)
        The largest eigenvalue of E's Hessian; NaN if it was not asked for or Lanczos did not converge.
    spectral_radius : ndarray, shape (K,)
        Of W_hh of the last layer; NaN of gated cells, whose W_hh is no map of a state.
    jacobian_radius : ndarray, shape (K,)
        The mean spectral radius of dS_t / dS_{t-1} over some states that occurred; NaN of both directions of time.
    memory : ndarray, shape (K,)
        The median over samples of how many steps back less than 1 % of dE/dA^(T) is left.
    profile : ndarray, shape (K, T)
        The norm over the batch of dE/dA^(t) of the last layer, counted back from the last step.
    others : dict of ndarray, shape (K,)
        The recorder's own ``measures``.

    See Also
    --------
    Recorder : Makes it, with an example.
    """

    at: IntArray
    loss: Array
    gradient_norm: Array
    sharpness: Array
    spectral_radius: Array
    jacobian_radius: Array
    memory: Array
    profile: Array
    others: dict[str, Array]

    def __str__(self) -> str:
        names = [*NUMBERS, *self.others]
        columns = [*(getattr(self, name) for name in NUMBERS), *self.others.values()]
        rows = [f"{'at':>6}" + "".join(f"{name:>17}" for name in names)]
        rows += [f"{at:>6}" + "".join(f"{c[k]:>17.4g}" for c in columns) for k, at in enumerate(self.at.tolist())]
        return "\n".join(rows)


class Recorder:
    """A callback of :func:`unrolled.rnn.train` that measures the network on some samples as it is trained.

    It is handed over as ``on_epoch`` or as ``on_batch``. It draws nothing from the training's generators and changes
    nothing: the training is the same, to the bit, with it and without.

    Parameters
    ----------
    X : array_like, shape (m, T, D)
        What it measures on; some hundred samples are enough.
    y : array_like, shape (m,) or (m, C)
        As for :meth:`unrolled.rnn.ManyToOne.loss_and_gradients`; of a network of many to many those of every step.
    lengths : array_like of int, shape (m,), optional
    every : int, default 1
        It measures after every so many epochs, or batches.
    sharpness : bool, default True
        Whether it computes the Hessian's largest eigenvalue, which costs some twenty passes in complex numbers.
    measures : mapping of str to callable, optional
        What else: each is called with the network and returns a number.
    path : path-like, optional
        A file that is brought up to date after every measurement, for :meth:`load` to go on from after a kill; it must
        not exist yet.

    Attributes
    ----------
    record : Record
        What has been measured so far.

    Raises
    ------
    FileExistsError
        If there is a file at ``path`` already: it may be a record to go on with.

    See Also
    --------
    unrolled.plots.recorded : A picture of it.
    unrolled.rnn.resume : Takes it as a callback too.

    Notes
    -----
    A training that is killed and resumed is recorded as if it had never stopped: ``Recorder.load`` the file that
    ``path`` names, hand the recorder to ``rnn.resume``, and what it had measured beyond the checkpoint is measured
    again in its place.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import dynamics, rnn
    >>> rng = np.random.default_rng(0)
    >>> X, y = rng.standard_normal((20, 8, 2)), rng.integers(0, 2, 20)
    >>> net = rnn.ManyToOne(rnn.Tanh(4), n_inputs=2, n_classes=2, rng=0)
    >>> recorder = dynamics.Recorder(X, y, every=2)
    >>> history = rnn.train(net, (X, y), optimizer=rnn.SGD(0.1), epochs=6, on_epoch=recorder, rng=0, progress=False)
    >>> recorder.record.at.tolist()
    [2, 4, 6]
    >>> recorder.record.profile.shape
    (3, 8)
    """

    def __init__(
        self,
        X: Any,
        y: Any,
        lengths: Any = None,
        *,
        every: int = 1,
        sharpness: bool = True,
        measures: Mapping[str, Callable[[Any], float]] | None = None,
        path: str | PathLike[str] | None = None,
    ) -> None:
        self.every, self.sharpness = whole_number(every, "every", 1), bool(sharpness)
        self.measures = dict(measures or {})
        for name, measure in self.measures.items():
            if not callable(measure) or name in (*NUMBERS, "at", "profile"):
                raise ValueError(f"measures has {name!r}: {measure!r}, expected functions of a network by new names")
        for name, given in (("X", X), ("y", y), ("lengths", lengths)):
            refuse_masked(given, name)
        self._samples = np.asarray(X), np.asarray(y), None if lengths is None else np.asarray(lengths)
        self.path = None if path is None else fspath(path)
        if self.path is not None and Path(self.path).exists():
            raise FileExistsError(f"{self.path} exists already: Recorder.load goes on with it")
        self._rows: list[dict[str, Any]] = []

    def __call__(self, n: int, history: object, net: Network) -> None:  # noqa: ARG002 - what train calls it with
        """Measure the network if it is due."""
        if n % self.every:
            return
        self._rows = [row for row in self._rows if row["at"] < n]  # of a training that goes on from a checkpoint
        self._rows.append({"at": n, **self._measured(net)})
        if self.path is not None:
            self.save(self.path)

    @property
    def record(self) -> Record:
        """What has been measured so far."""
        rows = self._rows

        def column(name: str) -> Array:
            return np.array([row[name] for row in rows], np.float64)

        return Record(
            at=np.array([row["at"] for row in rows], np.int64),
            profile=np.array([row["profile"] for row in rows]) if rows else np.empty((0, 0)),
            others={name: column(name) for name in self.measures},
            **{name: column(name) for name in NUMBERS},
        )

    def save(self, path: str | PathLike[str]) -> None:
        """Write what has been measured to a file, whole or not at all.

        Raises
        ------
        ValueError
            If nothing has been measured yet.
        OSError
            If it cannot be written.
        """
        record = self.record
        if not len(record.at):
            raise ValueError("nothing has been recorded, expected at least one measurement to save")
        arrays = {name: getattr(record, name) for name in (*NUMBERS, "profile")}
        arrays["at"] = record.at.astype(np.float64)
        description = {"every": self.every, "sharpness": self.sharpness, "samples": self._fingerprint()}
        groups = {"record": arrays}
        if record.others:
            groups["others"] = record.others
        storage.write(path, FORMAT, description, groups)

    @classmethod
    def load(
        cls,
        path: str | PathLike[str],
        X: Any,
        y: Any,
        lengths: Any = None,
        *,
        measures: Mapping[str, Callable[[Any], float]] | None = None,
    ) -> Recorder:
        """Return a recorder that goes on where a file was written, and keeps it up to date.

        Parameters
        ----------
        path : path-like
        X, y, lengths, measures
            The same that it was made with.

        Raises
        ------
        StorageError
            A ValueError: the file is no record, or is damaged.
        ValueError
            If samples or measures are others than those of the file.
        FileNotFoundError
            If there is none.
        """
        path = fspath(path)
        description, groups = storage.read(path, FORMAT, "a record")
        arrays, others = groups.get("record", {}), groups.get("others", {})
        sizes = {len(array) for array in (*arrays.values(), *others.values()) if array.ndim}
        if set(arrays) != {*NUMBERS, "at", "profile"} or len(sizes) != 1 or arrays["profile"].ndim != 2:
            raise StorageError(f"{path} holds {sorted(arrays)}, expected a record of this version")
        recorder = cls(
            X, y, lengths, every=description.get("every", 1), sharpness=bool(description.get("sharpness")),
            measures=measures,
        )  # fmt: skip
        if description.get("samples") != recorder._fingerprint():
            raise ValueError(f"{path} was recorded on other samples, expected the same to go on with")
        if set(others) != set(recorder.measures):
            given = sorted(recorder.measures)
            raise ValueError(f"{path} has the measures {sorted(others)}, expected those given: {given}")
        recorder.path = path
        columns = {**arrays, **others}
        recorder._rows = [
            {name: int(column[k]) if name == "at" else column[k] for name, column in columns.items()}
            for k in range(len(arrays["at"]))
        ]
        return recorder

    def _measured(self, net: Network) -> dict[str, Any]:
        X, y, lengths = self._samples
        profile = gradient_profile(net, X, y, lengths)
        return {
            "loss": profile.loss,
            "gradient_norm": profile.gradient_norm,
            "sharpness": self._sharpness(net),
            "spectral_radius": _radius_of_weights(net),
            "jacobian_radius": _radius_of_jacobians(net, X, lengths),
            "memory": float(np.median(profile.memory())),
            "profile": profile.of_batch(),
            **{name: float(measure(net)) for name, measure in self.measures.items()},
        }

    def _sharpness(self, net: Network) -> float:
        if not self.sharpness:
            return float("nan")
        X, y, lengths = self._samples
        try:
            return curvature(net, X, y, lengths=lengths, smallest=False).sharpness
        except ArithmeticError:  # a training goes on although Lanczos has not converged
            return float("nan")

    def _fingerprint(self) -> str:
        digest = hashlib.sha256()
        for array in self._samples:
            if array is not None:
                digest.update(f"{array.shape} {array.dtype}".encode())
                digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()


def _radius_of_weights(net: Network) -> float:
    cell = net.cells[-1]
    if not cell.causal or cell.gates != 1:
        return float("nan")
    W = net.layers.split(net.parameters)[-1].get("W_hh")
    return float("nan") if W is None else float(np.abs(np.linalg.eigvals(W.astype(np.float64))).max())


def _radius_of_jacobians(net: Network, X: Any, lengths: Any) -> float:
    """Return the mean spectral radius at states of a few samples, at steps spread over their lengths."""
    if not all(cell.causal for cell in net.cells) or net.stack.k > 1:  # a System is of single steps
        return float("nan")
    system = System(net)
    some = slice(0, 6)
    X_t, steps = inputs_of(X[some], None if lengths is None else lengths[some], system.n_inputs)
    S = system.trajectory(X_t)
    T, m, _ = X_t.shape
    ends = np.full(m, T) if steps is None else steps
    n = max(1, STATES // m)
    t = np.concatenate([np.linspace(0, end - 1, n).round().astype(int) for end in ends])
    i = np.repeat(np.arange(m), n)
    _, J = system.linearize(S[t, i], X_t[t, i])
    return float(np.abs(np.linalg.eigvals(J)).max(1).mean())
