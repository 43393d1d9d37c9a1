"""Dropout with one mask for all the steps of a sequence."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from unrolled._support.validation import checked_fields, numeric, real, whole_number
from unrolled.rnn.arrays import Array, IntArray


@dataclass(frozen=True)
class Masks:
    """What a batch of m samples is multiplied by; None is all ones.

    Attributes
    ----------
    inputs : list of ndarray or None
        For each layer (m, D of that layer), and one more for what the head reads, (m, H).
    recurrence : list of ndarray or None
        For each layer (m, H); 2 H for both directions.

    See Also
    --------
    Dropout : Draws them.
    """

    inputs: list[Array | None]
    recurrence: list[Array | None]

    def of(self, rows: slice | IntArray) -> "Masks":
        """Return the masks of some of the samples."""

        def some(masks: list[Array | None]) -> list[Array | None]:
            return [None if mask is None else mask[rows] for mask in masks]

        return Masks(some(self.inputs), some(self.recurrence))


def fitting(masks: Any, m: int, widths: list[int], dtype: np.dtype) -> Masks | None:
    """Check that masks fit a batch of m samples and a network of these widths, and round them to its dtype.

    Raises
    ------
    ValueError
        Naming what was found and what was expected.
    """
    if masks is None:
        return None
    if not isinstance(masks, Masks):
        raise ValueError(f"masks are {masks!r}, expected what rnn.Dropout(...).draw(m, net.widths, rng) gives")
    checked = []
    for name, wanted in (("inputs", widths), ("recurrence", widths[1:])):
        given = getattr(masks, name)
        if len(given) != len(wanted):
            raise ValueError(f"masks.{name} has {len(given)} masks, expected {len(wanted)}, as net.widths has it")
        for n, (mask, width) in enumerate(zip(given, wanted, strict=True)):
            if mask is None:
                continue
            numbers = numeric(mask, f"masks.{name}[{n}]", complex_too=True)
            if numbers.shape != (m, width) or not np.isfinite(numbers).all():
                raise ValueError(
                    f"masks.{name}[{n}] has shape {numbers.shape}, expected finite numbers of shape {(m, width)}"
                )
        checked.append([None if mask is None else np.asarray(mask, dtype) for mask in given])
    return Masks(*checked)


@dataclass(frozen=True)
@checked_fields(inputs=real(0, below=1), layers=real(0, below=1), recurrence=real(0, below=1))
class Dropout:
    """Fractions of numbers that are left out of each sequence during training; the others are scaled up.

    Whether a number takes part is drawn once for a sequence and stays so at all its steps. What takes part is
    divided by 1 - p, so that prediction needs no change.

    Parameters
    ----------
    inputs : float, default 0
        Of the inputs of the first layer.
    layers : float, default 0
        Of the states of each layer on their way up, to the next layer or to the head.
    recurrence : float, default 0
        Of the states of each layer on their way to the next step.

    See Also
    --------
    Masks : What it draws for a batch.
    l2_penalty : Another restraint.

    References
    ----------
    Y. Gal, Z. Ghahramani, "A theoretically grounded application of dropout in recurrent neural networks", NeurIPS
    2016.

    Examples
    --------
    >>> import numpy as np
    >>> from unrolled import rnn
    >>> net = rnn.ManyToOne([rnn.GRU(8), rnn.GRU(8)], n_inputs=3, n_classes=2, rng=0)
    >>> X, y = np.ones((6, 10, 3)), [0, 1, 0, 1, 1, 0]
    >>> dropout = rnn.Dropout(layers=0.2, recurrence=0.05)
    >>> history = rnn.train(net, (X, y), optimizer=rnn.Adam(), dropout=dropout, epochs=2, rng=0, progress=False)
    """

    inputs: float = 0.0
    layers: float = 0.0
    recurrence: float = 0.0

    def draw(
        self, m: int, widths: list[int], rng: int | np.random.Generator | None, dtype: np.dtype | type = np.float32
    ) -> Masks:
        """Draw the masks of a batch.

        Parameters
        ----------
        m : int
            Samples.
        widths : list of int
            ``net.widths``: D, then how many numbers the states of each layer have.
        rng : None, int or numpy.random.Generator
        dtype : dtype, default float32

        Returns
        -------
        Masks
            Of 0 and ``1 / (1 - p)``; None where p is 0.
        """
        m, generator = whole_number(m, "m", 1), np.random.default_rng(rng)

        def mask(p: float, width: int) -> Array | None:
            return None if p == 0 else ((generator.random((m, width)) >= p) / (1 - p)).astype(dtype)

        ways_up = [self.inputs] + [self.layers] * (len(widths) - 1)
        return Masks(
            [mask(p, width) for p, width in zip(ways_up, widths, strict=True)],
            [mask(self.recurrence, width) for width in widths[1:]],
        )
