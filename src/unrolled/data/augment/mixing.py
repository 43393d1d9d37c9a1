"""An augmentation that changes what is to be learned as well: two samples mixed, and their classes with them."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from unrolled._support.validation import checked_fields, real, refuse_masked
from unrolled.data.checks import FloatArray, batch
from unrolled.data.errors import DataError
from unrolled.data.samples import Rng


@dataclass(frozen=True)
@checked_fields(DataError, alpha=real(above=0))
class Mixup:
    """Each sample mixed with another of its batch, and its target alike: ``l X + (1 - l) X'``, ``l Y + (1 - l) Y'``.

    l ~ Beta(alpha, alpha), drawn for each sample; X' and Y' are the batch in another order. A network is so asked to be
    as unsure between samples as it is far from them. Losses of the training are those of mixed samples, higher than of
    whole ones. Where classes have weights, a mixed sample weighs what its classes do in the mean.

    Targets change with X, so it is called as ``with_targets(X, Y, rng)``, which a training does, and `Compose`, in
    which it stands last as a rule. Called as ``(X, rng)``, such as within `Sometimes`, it raises an error.

    Parameters
    ----------
    alpha : float, default 0.2
        Above 0. Small: most samples stay almost as they are; 1: l is uniform.

    Raises
    ------
    DataError
        If alpha is not as described; when called, if X is no floating-point array (m, T, D), or without targets.

    See Also
    --------
    Compose : After other changes.

    References
    ----------
    H. Zhang, M. Cisse, Y. N. Dauphin, D. Lopez-Paz, "mixup: Beyond empirical risk minimization", ICLR 2018; they draw
    one l for a batch.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import data, rnn
    >>> X, Y = np.array([[[0.0]], [[1.0]]]), np.eye(2)
    >>> mixed, targets = data.augment.Mixup(1.0).with_targets(X, Y, rng=3)
    >>> mixed[:, 0, 0].round(2).tolist(), targets.round(2).tolist()
    ([0.14, 0.47], [[0.86, 0.14], [0.53, 0.47]])
    >>> net = rnn.ManyToOne(rnn.Tanh(4), n_inputs=1, n_classes=2, head=rnn.Softmax(), rng=0)
    >>> mixup = data.augment.Compose([data.augment.Jitter(), data.augment.Mixup()])
    >>> history = rnn.train(net, (X, [0, 1]), optimizer=rnn.SGD(0.1), augment=mixup, epochs=1, progress=False)
    """

    moves_time: ClassVar[bool] = True  # what is mixed has the steps of both

    alpha: float = 0.2

    def __call__(self, X: FloatArray, rng: Rng) -> FloatArray:  # noqa: ARG002 - what every augmentation is called with
        """Raise a DataError: X alone cannot be mixed."""
        raise DataError(
            f"{self!r} was called without targets, which it mixes as well: expected with_targets(X, Y, rng), as "
            "rnn.train and Compose call it"
        )

    def with_targets(self, X: FloatArray, Y: FloatArray, rng: Rng) -> tuple[FloatArray, FloatArray]:
        """Mix a batch (m, T, D) and its targets (m, C)."""
        X, stream = batch(X), np.random.default_rng(rng)
        refuse_masked(Y, "Y", error=DataError)
        m = len(X)
        if len(Y) != m:
            raise DataError(f"Y has shape {Y.shape}, expected the targets of {m} samples, such as ({m}, C)")
        others, weight = stream.permutation(m), stream.beta(self.alpha, self.alpha, m)
        return _mixed(X, X[others], weight), _mixed(Y, Y[others], weight)


def _mixed(one: FloatArray, other: FloatArray, weight: FloatArray) -> FloatArray:
    of_one = weight.astype(one.dtype).reshape(-1, *[1] * (one.ndim - 1))
    mixed: FloatArray = of_one * one + (1 - of_one) * other
    return mixed
