"""Several networks that answer together: the mean of what each says."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from os import PathLike, fspath
from typing import Any, overload

import numpy as np

from unrolled._support.validation import shown
from unrolled.rnn import inputs, measures, storage
from unrolled.rnn.arrays import Array, IntArray
from unrolled.rnn.engine.blocks import samples_at_a_time
from unrolled.rnn.ensemble_stream import EnsembleStream, averaged
from unrolled.rnn.loading import PARTS, network
from unrolled.rnn.network import Network
from unrolled.rnn.output.averaged import averaged_logits
from unrolled.rnn.output.heads import Answers
from unrolled.rnn.parts import with_given
from unrolled.rnn.passes import Reading
from unrolled.rnn.source import is_source, joined_blocks, unlabeled
from unrolled.rnn.targets import Targets

FORMAT = "unrolled ensemble 1"
MOST = storage.MOST_GROUPS
"""Networks of a file."""


class Ensemble(Sequence[Network]):
    """Networks of one kind that answer together: with the mean of their probabilities, or of their numbers.

    It is a sequence of its networks, which are held, not copied: where one is trained on, so is the ensemble. One of
    a single network returns what that network returns, to the bit.

    Parameters
    ----------
    networks : iterable of ManyToOne, or of ManyToMany
        At least one, all with one answer or all with one at every step, of as many inputs, and that answer with as
        many classes, labels or numbers. Cells, readouts, heads and dtypes may differ.

    Attributes
    ----------
    n_inputs, n_logits : int
        D, and C: classes, labels or numbers.
    n_classes, n_outputs : int or None
        As the networks have them.
    answers : {"class", "labels", "numbers"}
    answers_once : bool
    dtype : dtype
        Of what is returned: float64 where one of the networks has it.

    Raises
    ------
    ValueError
        If there is no network, or one differs from the first; the message says which, and in what.

    See Also
    --------
    unrolled.sweep.train_ensemble : Trains one network a seed, side by side.
    EMA, SWA : The mean of weights in place of that of answers.

    References
    ----------
    L. K. Hansen, P. Salamon, "Neural network ensembles", IEEE Transactions on Pattern Analysis and Machine
    Intelligence 12, 1990; B. Lakshminarayanan et al., "Simple and scalable predictive uncertainty estimation using deep
    ensembles", NeurIPS 2017, which takes this mean.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import rnn
    >>> nets = [rnn.ManyToOne(rnn.GRU(4), n_inputs=3, n_classes=2, head=rnn.Softmax(), rng=seed) for seed in range(3)]
    >>> ensemble = rnn.Ensemble(nets)
    >>> ensemble
    Ensemble(3 of ManyToOne(GRU(hidden=4), n_inputs=3, n_classes=2, head=Softmax(...)): 110 parameters, float32)
    >>> X = np.ones((5, 10, 3))
    >>> bool(np.allclose(ensemble.predict_proba(X), np.mean([net.predict_proba(X) for net in ensemble], axis=0)))
    True
    """

    def __init__(self, networks: Iterable[Network]) -> None:
        if isinstance(networks, Network) or not isinstance(networks, Iterable):
            raise ValueError(f"networks is {shown(networks)}, expected a list of networks such as [net, ...]")
        self._networks = tuple(networks)
        if not self._networks:
            raise ValueError("networks is empty, expected at least one network")
        for n, net in enumerate(self._networks):
            if not isinstance(net, Network):
                raise ValueError(f"member {n} is {shown(net)}, expected a network such as rnn.ManyToOne(...)")
            with _named(n):
                net.check_parameters()
            if net.dtype.kind == "c":
                raise ValueError(f"member {n} is {net.dtype}, expected float32 or float64")
        first, *others = map(_kind, self._networks)
        for n, other in enumerate(others, 1):
            for what, value in other.items():
                if value != first[what]:
                    raise ValueError(f"member {n} has {what} {value}, expected {first[what]}, as member 0 has")

    @property
    def _widest(self) -> Network:
        return max(self._networks, key=lambda net: net.dtype.itemsize)

    n_inputs: int = property(lambda self: self._networks[0].n_inputs)  # type: ignore[assignment]  # that of all
    n_logits: int = property(lambda self: self._networks[0].n_logits)  # type: ignore[assignment]
    n_classes: int | None = property(lambda self: self._networks[0].n_classes)  # type: ignore[assignment]
    n_outputs: int | None = property(lambda self: self._networks[0].n_outputs)  # type: ignore[assignment]
    answers: Answers = property(lambda self: self._networks[0].answers)  # type: ignore[assignment]
    answers_once: bool = property(lambda self: self._networks[0].answers_once)  # type: ignore[assignment]
    dtype: np.dtype[Any] = property(lambda self: self._widest.dtype)  # type: ignore[assignment]

    def __len__(self) -> int:
        return len(self._networks)

    def __iter__(self) -> Iterator[Network]:
        return iter(self._networks)

    @overload
    def __getitem__(self, index: int) -> Network: ...
    @overload
    def __getitem__(self, index: slice) -> "Ensemble": ...
    def __getitem__(self, index: int | slice) -> "Network | Ensemble":
        found = self._networks[index]
        return Ensemble(found) if isinstance(found, tuple) else found

    def __repr__(self) -> str:
        kinds = [f"{n} of {kind}" for kind, n in Counter(map(repr, self._networks)).items()]
        return f"Ensemble({'; '.join(kinds[:3])}{'; ...' if len(kinds) > 3 else ''})"

    # ---------------------------------------------------------------- answers

    def predict_proba(self, X: Any, lengths: Any = None) -> Array:
        """Return the mean of the networks' probabilities.

        Parameters
        ----------
        X : array_like, shape (N, T, D), or whole numbers (N, T), or a list of arrays (L, D), or a source
            As for :meth:`ManyToOne.predict_proba`. Of a source each block is read once, for all networks.
        lengths : array_like of int, shape (N,), optional

        Returns
        -------
        ndarray, shape (N, C)
            Of the ensemble's dtype. Of networks of many to many (N, T, C), and 0 after a sample's last step. The mean
            is taken in float64.

        Raises
        ------
        ValueError
            As :meth:`ManyToOne.predict_proba` does; of what only one network has, the message names it.
        """
        if self.answers == "numbers":
            head = self._networks[0].head
            raise ValueError(f"the networks answer with {head}, which has no probabilities: expected ensemble.predict")
        return self._answered(X, lengths, lambda Y_hat, _: Y_hat)

    def predict(self, X: Any, lengths: Any = None) -> Array:
        """Return the most probable class by the mean of the probabilities; the labels; or the mean of the numbers.

        Parameters
        ----------
        X, lengths
            As for :meth:`predict_proba`.

        Returns
        -------
        ndarray of int64, shape (N,)
            The class whose mean probability is the largest, of equal ones the first. Of several labels at once (N, C),
            1 for those whose mean probability is at least one half. Of numbers (N, K), of the ensemble's dtype. Of
            networks of many to many (N, T), (N, T, C) and (N, T, K); after a sample's last step stands no class, -1,
            no label and the number 0.

        Raises
        ------
        ValueError
            As :meth:`predict_proba` does.
        """
        if len(self) == 1:
            return self._networks[0].predict(X, lengths)
        return self._answered(X, lengths, self._said)

    def evaluate(self, X: Any, y: Any, lengths: Any = None, *, sample_weight: Any = None) -> tuple[float, float]:
        """Return the loss and the accuracy, or R^2, on any number of samples.

        Parameters
        ----------
        X, y, lengths, sample_weight
            As for :meth:`ManyToOne.evaluate`.

        Returns
        -------
        loss : float
            That of the networks' head, its class weights and smoothing included, with the mean of the probabilities
            (or of the numbers) in the place of one network's: of :class:`Softmax` the cross-entropy of the mean, and so
            on. It is never above the mean of the networks' losses. It is computed from the logits, finite where the
            mean rounds to 0 or 1. Of networks that read every step the mean is taken step by step, and the losses of
            the steps count as the readout weighs them.
        accuracy : float
            Of what :meth:`predict` returns; R^2 where answers are numbers.

        Raises
        ------
        ValueError
            As :meth:`ManyToOne.evaluate` does; and where there is no one loss: the heads differ, one is not the
            library's, or readouts that read several steps do (unless there is one network alone).
        """
        if len(self) == 1:
            return self._networks[0].evaluate(X, y, lengths, sample_weight=sample_weight)
        if is_source(X):
            raise ValueError("X is a source, expected arrays: of one, ensemble.predict")
        head = self._networks[0].head
        averaged_logits(head, [np.zeros(1)])  # refuses one that it does not know
        for n, net in enumerate(self._networks):
            if type(net.head) is not type(head) or net.head != head:
                raise ValueError(
                    f"member {n} has the head {net.head}, expected {head}, as member 0 has, for one loss: of several, "
                    "measure what predict returns"
                )
        X, lengths = inputs.padded(X, lengths, self.n_inputs)
        targets = self._widest._targets(y, X.shape, lengths, sample_weight)
        answers = self.n_logits * (1 if self.answers_once else X.shape[1])
        size = samples_at_a_time(8 * answers * (len(self) + 4))
        parts = [slice(n, min(n + size, len(X))) for n in range(0, len(X), size)]
        return measures.joined([self._measured(X, targets, lengths, part) for part in parts]).scores

    def stream(self, n_samples: int | None = None) -> "EnsembleStream":
        """Return a stream: fed one step at a time, it returns the mean of the networks' answers as of now.

        Parameters
        ----------
        n_samples : int, optional
            As for :meth:`ManyToOne.stream`.

        Returns
        -------
        EnsembleStream

        Raises
        ------
        ValueError
            As :meth:`ManyToOne.stream` does, naming the network.
        """
        streams = []
        for n, net in enumerate(self._networks):
            with _named(n):
                streams.append(net.stream(n_samples))
        return EnsembleStream(streams, self.dtype, self.answers)

    # ------------------------------------------------------------------ files

    def save(self, path: str | PathLike[str]) -> None:
        """Write all networks to one HDF5 file, for :meth:`load`; whole, or not at all, as :meth:`ManyToOne.save`.

        Parameters
        ----------
        path : path-like
            Its folder must exist.

        Raises
        ------
        OSError
            If it cannot be written; what stood there before still stands.
        ValueError
            If there are more than 64 networks, or one cannot be saved.
        """
        if len(self) > MOST:
            raise ValueError(f"the ensemble has {len(self)} networks, expected at most {MOST} for a file")
        configs = []
        for n, net in enumerate(self._networks):
            with _named(n):
                net.check_parameters()
                configs.append(net.to_config())
        groups = {str(n): net.parameters for n, net in enumerate(self._networks)}
        storage.write(path, FORMAT, {"networks": configs}, groups)

    @classmethod
    def load(cls, path: str | PathLike[str], *, parts: Iterable[type] = ()) -> "Ensemble":
        """Read an ensemble that :meth:`save` wrote.

        Parameters
        ----------
        path : path-like
        parts : iterable of type
            Classes of one's own that the file names, as for :func:`load`.

        Returns
        -------
        Ensemble
            With the parameters of each network, to the bit.

        Raises
        ------
        StorageError
            As :func:`load` does.
        FileNotFoundError
            If there is no such file.

        Examples
        --------
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from unrolled import rnn
        >>> nets = [rnn.ManyToOne(rnn.GRU(4), n_inputs=3, n_classes=2, rng=seed) for seed in range(2)]
        >>> with TemporaryDirectory() as folder:
        ...     rnn.Ensemble(nets).save(Path(folder) / "nets.h5")
        ...     len(rnn.Ensemble.load(Path(folder) / "nets.h5"))
        2
        """
        known = with_given(parts, PARTS)
        description, groups = storage.read(path, FORMAT, "an ensemble that this version saved")
        try:
            configs = description.get("networks")
            if description.keys() != {"networks"} or not isinstance(configs, list):
                raise ValueError(f"it is described by {shown(description)}, expected a list of networks")
            if groups.keys() != set(map(str, range(len(configs)))):
                raise ValueError(f"it has {len(configs)} networks and the groups {shown(sorted(groups))}")
            return cls([network(config, groups[str(n)], known) for n, config in enumerate(configs)])
        except (TypeError, ValueError) as error:
            raise storage.StorageError(f"{fspath(path)}: {str(error)[:300]}") from None

    # --------------------------------------------------------------- the work

    def _answered(self, X: Any, lengths: Any, function: Callable[[Array, IntArray | None], Array]) -> Array:
        """Return what a function makes of the mean of the answers, and the lengths."""
        if is_source(X, lengths):
            return joined_blocks([self._answered(*block, function) for block in unlabeled(X)])
        X, lengths = inputs.padded(X, lengths, self.n_inputs)
        found = []
        for n, net in enumerate(self._networks):
            with _named(n):
                numbers = self.answers == "numbers"
                found.append(net.predict(X, lengths) if numbers else net.predict_proba(X, lengths))
        return function(averaged(found, self.dtype, self.answers), lengths)

    def _said(self, Y_hat: Array, lengths: IntArray | None) -> Array:
        if self.answers == "numbers":
            return Y_hat
        if self.answers == "labels":
            return (Y_hat >= 0.5).astype(np.int64)
        classes = np.asarray(Y_hat.argmax(-1), np.int64)
        if lengths is not None and not self.answers_once:
            classes[np.arange(classes.shape[1]) >= lengths[:, None]] = -1
        return classes

    def _measured(self, X: Array, targets: Targets, lengths: IntArray | None, part: slice) -> measures.Measured:
        of_part, found = None if lengths is None else lengths[part], []
        for n, net in enumerate(self._networks):
            with _named(n):
                found.append(net.read(X[part], of_part, part.start))
        answers, logits, weights = zip(*found, strict=True)
        if self.answers_once and any(len(Z) > 1 for Z in logits):
            self._check_readouts()
        lead = self._widest
        Z = averaged_logits(lead.head, logits).astype(self.dtype)
        reading = Reading(Z, Z, weights[self._networks.index(lead)])
        said = self._said(averaged(answers, self.dtype, self.answers), of_part)
        return lead._score(reading, said, targets.of(part), X[part].shape, of_part)

    def _check_readouts(self) -> None:
        first = self._networks[0].readout
        for n, net in enumerate(self._networks):
            if net.readout != first:
                raise ValueError(
                    f"member {n} has the readout {net.readout}, expected {first}, as member 0 has, for one loss at "
                    "several steps: of several, measure what predict returns"
                )


def _kind(net: Network) -> dict[str, object]:
    """Return what the networks of an ensemble have in common, as messages call it."""
    return {
        "an answer": "at the end" if net.answers_once else "at every step",
        "n_inputs": net.n_inputs,
        "answers of the kind": repr(net.answers),
        "n_outputs" if net.answers == "numbers" else "n_classes": net.n_logits,
    }


@contextmanager
def _named(n: int) -> Iterator[None]:
    """Say in an error that it is of one network alone."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"member {n}: {error}") from error
