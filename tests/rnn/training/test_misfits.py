"""Gradients that do not fit their parameters, from a cell or a head that somebody else wrote."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from easy import easy, same_parameters

from unrolled import rnn

Change = Callable[[dict[str, np.ndarray]], object]


def cell_that(change: Change) -> rnn.Tanh:
    class Wrong(rnn.Tanh):
        """A cell whose backward is not as promised."""

        def backward(self, *args: Any, **settings: Any) -> Any:
            found: Any = super().backward(*args, **settings)
            change(found[0] if isinstance(found, tuple) else found)
            return found

    return Wrong(4)


CHANGES: list[tuple[Change, str]] = [
    (
        lambda g: g.pop("W_hh"),
        "of the gradients from back-propagation there is none for W_hh, expected one each for W_ih",
    ),
    (lambda g: g.update(W_xx=g["W_hh"]), "there is one for 'W_xx', which is no parameter, expected one each for"),
    (lambda g: g.update(W_hh=g["W_hh"][:1]), r"the gradient of W_hh from .* has shape \(1, 4\), expected \(4, 4\)"),
    (lambda g: g.update(b_h=g["b_h"][:, None]), r"the gradient of b_h from .* has shape \(4, 1\), expected \(4,\)"),
]


@pytest.mark.parametrize(("change", "said"), CHANGES)
@pytest.mark.parametrize("l2", [0.0, 0.1])
def test_a_cells_gradient_that_does_not_fit_is_named_before_anything_is_updated(
    change: Change, said: str, l2: float
) -> None:
    X, y = easy()
    net = rnn.ManyToOne(cell_that(change), 3, 3, rng=0)
    before = net.copy()
    with pytest.raises(ValueError, match=said):
        rnn.train(net, (X, y), optimizer=rnn.SGD(0.1), l2=l2, progress=False)
    assert same_parameters(net, before)
    with pytest.raises(ValueError, match=said):
        net.loss_and_gradients(X, y)
    with pytest.raises(ValueError, match=said):
        net.backward(net.forward(X), y)


def test_a_heads_gradient_that_does_not_fit_is_named() -> None:
    class Wrong(rnn.Softmax):
        """A head whose gradient has one class less."""

        def loss(self, Z: np.ndarray, Y: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            E, dZ = super().loss(Z, Y, weights)
            return E, dZ[..., 1:]

    X, y = easy()
    net = rnn.ManyToOne(rnn.GRU(4), 3, 3, head=Wrong(), rng=0)
    with pytest.raises(ValueError, match=r"the head's gradient has shape \(1, 60, 2\), expected \(1, 60, 3\)"):
        net.loss_and_gradients(X, y)
