from typing import Any

import numpy as np
import pytest

from unrolled import dynamics, rnn
from unrolled.dynamics.loss_slice import filter_normalized

rng = np.random.default_rng(0)
X, Y = rng.standard_normal((6, 7, 2)), rng.integers(0, 3, 6)
NET = rnn.ManyToOne(rnn.GRU(4), 2, 3, rng=1, dtype=np.float64)


def test_the_slope_along_the_gradient_is_its_length_and_the_second_difference_the_curvature() -> None:
    found = dynamics.curvature(NET, X, Y, smallest=False, tolerance=1e-10)
    line = dynamics.loss_slice(NET, X, Y, "gradient", span=1e-4, n=3)
    assert line.losses[1] == line.loss == pytest.approx(NET.loss(X, Y), abs=1e-12)
    assert (line.losses[2] - line.losses[0]) / 2e-4 == pytest.approx(found.gradient_norm, rel=1e-6)
    bend = dynamics.loss_slice(NET, X, Y, "curvature", span=1e-3, n=3).losses
    assert (bend[2] - 2 * bend[1] + bend[0]) / 1e-6 == pytest.approx(found.sharpness, rel=1e-5)
    assert bend[2] > bend[0]  # the side that goes uphill


def test_a_plane_has_both_of_its_lines() -> None:
    given = {name: np.ones_like(W) for name, W in NET.parameters.items()}
    plane = dynamics.loss_slice(NET, X, Y, ("random", given), n=5, span=0.5, rng=3)
    first = dynamics.loss_slice(NET, X, Y, "random", n=5, span=0.5, rng=3)
    flat = np.ones(sum(W.size for W in NET.parameters.values()))
    second = dynamics.loss_slice(NET, X, Y, flat, n=5, span=0.5)
    assert plane.names == ("random", "given")
    assert (plane.losses[:, 2] == first.losses).all()
    assert (plane.losses[2] == second.losses).all()
    moved = {name: W + 0.5 * second.directions[0][0] - 0 for name, W in NET.parameters.items()}
    assert second.losses[-1] == pytest.approx(NET.with_parameters(moved).loss(X, Y), abs=1e-12)


def test_random_directions_have_the_rows_lengths_whatever_their_scale() -> None:
    drawn = filter_normalized(NET.parameters, np.random.default_rng(0))
    for name, W in NET.parameters.items():
        if W.ndim == 1:
            assert not drawn[name].any()
        else:
            np.testing.assert_allclose(np.linalg.norm(drawn[name], axis=1), np.linalg.norm(W, axis=1))
    none = filter_normalized({"W": np.zeros((2, 3))}, np.random.default_rng(0))
    assert not none["W"].any()


def test_what_overflows_is_no_error() -> None:
    net = rnn.ManyToOne(rnn.ReLU(4), 2, 3, rng=1, dtype=np.float64)
    far = dynamics.loss_slice(net, X, Y, "random", span=1e150, n=3)
    assert not np.isfinite(far.losses[[0, 2]]).all()
    assert np.isfinite(far.losses[1])


def test_bad_input_is_stopped_at_the_door() -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"directions": "downhill"}, "a direction is 'downhill', expected one of 'gradient'"),
        ({"directions": ("gradient",) * 3}, "directions are 3, expected one or two"),
        ({"directions": [1.0, 2.0]}, r"a direction has shape \(2,\)"),
        ({"span": 0}, "span is 0, expected a finite number above 0"),
        ({"n": 1}, "n is 1, expected a whole number, 2 or more"),
    ]
    for how, message in cases:
        with pytest.raises(ValueError, match=message):
            dynamics.loss_slice(NET, X, Y, **how)
