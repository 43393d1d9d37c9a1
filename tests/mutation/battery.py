"""Every cell in every situation, small, within a tenth of a second: what a mutant of a backward pass must not change.

The cells, readouts and heads are those that the library has, found and not listed. What each situation must result in
is computed once, by code that is proved: here against the complex step and the textbook, and by the contract of each
cell (``rnn.check_cell``) in ``tests/rnn/test_cellcheck.py``. A mutant is killed where it results in anything else.
"""

from collections.abc import Iterator
from functools import partial

import numpy as np
from mutation.comparison import differing
from mutation.making import LENGTHS, C, H, Results, batch, masks_of, network, recurrences, small_chunks
from mutation.operators import Mutant
from mutation.reach import Reach, reaching
from mutation.situations import situations

from unrolled import rnn, textbook

AS_ERRORS = partial(np.errstate, all="raise", under="ignore")


class Battery:
    """Every situation and what it must result in."""

    def __init__(self) -> None:
        self._wanted: dict[str, Results] = {}
        self._reached: dict[str, set[str]] = {}
        with small_chunks(), AS_ERRORS():
            for name, situation in situations().items():
                with Reach() as reach:
                    self._wanted[name] = situation()
                self._reached[name] = set(reach.functions())

    def __call__(self, mutant: Mutant | None = None, last: str = "") -> str:
        """Return in which situation what differs; nothing if nothing does.

        Situations that do not reach a mutant's function are left out. What has killed the ``last`` one is tried first.
        """
        with small_chunks(), AS_ERRORS():
            for name in sorted(self._wanted, key=lambda name: name != last):
                if mutant is not None and not self._reached[name] & reaching(mutant):
                    continue
                try:
                    different = differing(situations()[name](), self._wanted[name])
                except Exception as error:
                    different = type(error).__name__
                if different:
                    return f"{name}: {different}"
        return ""


def proof() -> Iterator[tuple[str, bool]]:
    """Prove what the battery takes for right."""
    X, y = batch(5)
    lengths = LENGTHS[:5]
    for cell in recurrences():
        for made_of in (cell, [cell, cell], rnn.Bidirectional(cell)):
            for readout in (rnn.Mean(), rnn.MeanMax(), rnn.EveryStep((0, 0.5, 2, 0, 1, 1, 3, 1))):
                head = rnn.Softmax(class_weights=(0.5, 1.0, 2.0), label_smoothing=0.1)
                net = network(made_of, readout=readout, head=head)
                masks = masks_of(net).of(slice(0, 5))
                with small_chunks():
                    check = rnn.check_gradients(net, X, y, lengths, masks=masks, entries=4)
                yield f"{net}: {check.failed_complex_step}", not check.failed_complex_step
    net = network(rnn.Tanh(H))
    with small_chunks():
        loss, gradients = net.loss_and_gradients(X, y)
    E, by_hand = textbook.loss_and_gradients(net.parameters, X, np.eye(C)[y])
    yield "the textbook's loss", bool(np.isclose(loss, E, rtol=1e-12))
    yield "the textbook's gradients", all(np.allclose(gradients[name], by_hand[name], rtol=1e-11) for name in gradients)
