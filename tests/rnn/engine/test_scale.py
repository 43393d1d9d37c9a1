"""A loss times a power of two has gradients times that power, to the bit; what is merely small is not lost."""

from typing import Any

import numpy as np
import pytest
from differences import relative_difference
from hypothesis import given, settings
from hypothesis import strategies as st

from unrolled import rnn
from unrolled.rnn.engine import underflow

CELLS: dict[str, Any] = {
    "Tanh": rnn.Tanh,
    "ReLU": rnn.ReLU,
    "LSTM": rnn.LSTM,
    "GRU": rnn.GRU,
    "both ways": lambda H: rnn.Bidirectional(rnn.Tanh(H)),
    "both ways of gates": lambda H: rnn.Bidirectional(rnn.LSTM(H)),
}
READOUTS = [rnn.Last(), rnn.Mean(), rnn.MeanMax(), rnn.EveryStep(), rnn.EveryStep(tuple(range(1, 41)))]
HEADS = [rnn.Sigmoid, rnn.Softmax]


@st.composite
def problems(draw: st.DrawFn) -> dict[str, Any]:
    """A network, a batch, and all that a way back may be asked for."""
    names = draw(st.lists(st.sampled_from(list(CELLS)), min_size=1, max_size=3))
    T, m = draw(st.sampled_from([1, 5, 17, 40])), draw(st.sampled_from([1, 4, 9]))
    one_way = not any("both" in name for name in names)
    return {
        "cells": [CELLS[name](draw(st.integers(1, 6))) for name in names],
        "readout": draw(st.sampled_from(READOUTS)),
        "head": draw(st.sampled_from(HEADS)),
        "dtype": draw(st.sampled_from([np.float32, np.float64, np.complex128])),
        "lengths": draw(st.none() | st.lists(st.integers(1, T), min_size=m, max_size=m)),
        "dropout": draw(st.sampled_from([None, rnn.Dropout(layers=0.3, recurrence=0.3)])),
        "bptt_steps": draw(st.none() | st.integers(1, 20)) if one_way else None,
        "recurrent": draw(st.sampled_from([1e-3, 0.3, 1.0])),
        "shape": (m, T, 2),
        "seed": draw(st.integers(0, 2**32)),
    }


def gradients_of(problem: dict[str, Any], weight: float) -> tuple[dict[str, np.ndarray], rnn.Backward]:
    """All gradients with classes of this weight."""
    rng = np.random.default_rng(problem["seed"])
    head = problem["head"](class_weights=(weight,) * 3)
    net = rnn.ManyToOne(problem["cells"], 2, 3, readout=problem["readout"], head=head, rng=rng, dtype=problem["dtype"])
    for name, W in net.parameters.items():
        W *= W.dtype.type(problem["recurrent"] if name.startswith("W_hh") else 1)
    X, y = rng.standard_normal(problem["shape"]), rng.integers(0, 3, problem["shape"][0])
    masks = None
    if problem["dropout"]:
        masks = problem["dropout"].draw(len(X), net.widths, rng, net.dtype)
    _, gradients = net.loss_and_gradients(X, y, problem["lengths"], masks=masks, bptt_steps=problem["bptt_steps"])
    return gradients, net.backward(net.forward(X, problem["lengths"]), y)


@pytest.mark.parametrize("power", [-60, 40])
@settings(max_examples=60, deadline=None)
@given(problem=problems())
def test_scale_is_free(power: int, problem: dict[str, Any]) -> None:
    gradients, backward = gradients_of(problem, 1.0)
    others, recorded = gradients_of(problem, 2.0**power)
    factor = np.real(np.ones(1, problem["dtype"])).dtype.type(2.0**power)
    for name, gradient in gradients.items():
        np.testing.assert_array_equal(others[name], gradient * factor, name)
    for name in ("dA", "delta", "dX"):
        np.testing.assert_array_equal(getattr(recorded, name), getattr(backward, name) * factor, name)
    for name, gradient in backward.dstate.items():
        np.testing.assert_array_equal(recorded.dstate[name], gradient * factor, name)
    for name, gradient in backward.gradients.items():
        np.testing.assert_array_equal(recorded.gradients[name], gradient * factor, name)


def problem(cells: Any, dtype: Any, **parts: Any) -> tuple[rnn.ManyToOne, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    net = rnn.ManyToOne(cells, 3, 4, rng=rng, dtype=dtype, **parts)
    return net, rng.standard_normal((8, 60, 3)), rng.integers(0, 4, 8)


def float32_is_right(net: rnn.ManyToOne, X: np.ndarray, y: np.ndarray, most: float = 2e-5) -> None:
    """Compare with float64, where nothing is lost."""
    _, gradients = net.loss_and_gradients(X, y)
    _, exact = net.astype(np.float64).loss_and_gradients(X.astype(np.float32).astype(float), y)
    for name, gradient in gradients.items():
        assert np.abs(exact[name]).max() > 0, name
        assert relative_difference(gradient, exact[name]) < most, name


@pytest.mark.parametrize("cell", [rnn.Tanh(20), rnn.LSTM(20), rnn.GRU(20), rnn.Bidirectional(rnn.Tanh(10))], ids=repr)
@pytest.mark.parametrize("readout", READOUTS[:3], ids=repr)
@pytest.mark.parametrize("weight", [1e-16, 1e-30])
def test_class_weights_that_are_small(cell: rnn.cells.Cell, readout: rnn.Readout, weight: float) -> None:
    net, X, y = problem(cell, np.float32, readout=readout, head=rnn.Sigmoid(class_weights=(weight,) * 4))
    float32_is_right(net, X, y)


@pytest.mark.parametrize("scale", [1e18, 1e30])
def test_inputs_that_are_large_and_weights_of_the_output_that_are_small(scale: float) -> None:
    net, X, y = problem(rnn.ReLU(20), np.float32, initializer={"W_hh": rnn.identity})
    net.parameters["b_h"][...] = 0
    net.parameters["W_ho"] /= np.float32(scale)
    float32_is_right(net, X * scale, y)


def test_weights_between_layers_that_are_small() -> None:
    net, X, y = problem([rnn.Tanh(20), rnn.Tanh(20), rnn.GRU(20)], np.float32)
    net.parameters["W_ih_l1"] *= np.float32(1e-15)
    net.parameters["W_ih_l2"] *= np.float32(1e-15)
    float32_is_right(net, X, y, 1e-4)


def test_a_gradient_that_grows_out_of_all_bounds_is_made_less_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Brought near 1, it would leave the numbers there are on its way."""
    net, X, y = problem(rnn.ReLU(5), np.float32, head=rnn.Softmax())
    net.parameters["W_hh"][...] = 5 * np.eye(5)
    net.parameters["W_ih"] *= np.float32(1e-15)
    net.parameters["W_ho"] *= np.float32(1e-30)
    attempts: list[bool] = []
    are_finite = underflow._are_finite

    def noted(gradients: Any) -> bool:
        attempts.append(are_finite(gradients))
        return attempts[-1]

    monkeypatch.setattr(underflow, "_are_finite", noted)
    float32_is_right(net, X, y)
    assert attempts[:2] == [False, True]


def test_what_is_not_finite_is_not_hidden() -> None:
    net, X, y = problem([rnn.ReLU(5), rnn.ReLU(5)], np.float32)
    net.parameters["W_hh"][...] = 1e5 * np.eye(5)
    with np.errstate(all="ignore"):
        _, gradients = net.loss_and_gradients(X, y)
    assert not all(np.isfinite(gradient).all() for gradient in gradients.values())


@pytest.mark.parametrize(
    ("dtype", "exponent"),
    [*((np.float32, n) for n in (-145, -120, 0, 60, 120, 127)), *((np.float64, n) for n in (-1070, -300, 0, 60, 1000))],
)
def test_powers_stay_within_the_numbers_there_are(dtype: type[np.floating], exponent: int) -> None:
    entering = np.ldexp(np.array([[0.75, 0.0]]), exponent).astype(dtype)
    seen = []

    def go_back(dA_T: Any, dA: Any) -> Any:
        seen.append(dA_T)
        return {"W": dA_T.copy()}, dA

    gradients, _, power = underflow.near_one(go_back, entering, None, 0)
    np.testing.assert_array_equal(gradients["W"], entering)
    most = np.finfo(dtype).maxexp - 2
    assert power == min(max(-exponent, -most), most)
    assert np.isfinite(seen[0]).all()
    assert seen[0].any()
