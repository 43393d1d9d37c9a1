from typing import Any

import numpy as np
import pytest

from unrolled import rnn


def weights(initializer: object, hidden: int = 200, seed: int = 0) -> dict[str, np.ndarray]:
    net = rnn.ManyToOne(rnn.Tanh(hidden), 3, 6, initializer=initializer, rng=seed)  # type: ignore[arg-type]
    return net.parameters


def test_uniform_stays_in_its_interval_and_fills_it() -> None:
    W = weights(rnn.uniform(-0.1, 0.1))["W_hh"]
    assert -0.1 <= W.min() < -0.0999
    assert 0.0999 < W.max() <= 0.1
    assert W.std() == pytest.approx(0.2 / np.sqrt(12), rel=0.01)


@pytest.mark.parametrize("initializer", [rnn.xavier_normal, rnn.xavier_uniform])
@pytest.mark.parametrize("name", ["W_ih", "W_hh", "W_ho"])
def test_xavier_has_standard_deviation_sqrt_2_over_N_plus_M(initializer: object, name: str) -> None:
    W = weights(initializer)[name]
    assert W.std() == pytest.approx(np.sqrt(2 / sum(W.shape)), rel=0.1)
    assert abs(W.mean()) < 0.01


def test_xavier_uniform_is_bounded_and_xavier_normal_is_not() -> None:
    bound = np.sqrt(6 / 400)
    assert np.abs(weights(rnn.xavier_uniform)["W_hh"]).max() <= bound
    assert np.abs(weights(rnn.xavier_normal)["W_hh"]).max() > 1.5 * bound


@pytest.mark.parametrize("initializer", [rnn.uniform(), rnn.xavier_normal, rnn.xavier_uniform])
def test_biases_begin_at_zero(initializer: object) -> None:
    parameters = weights(initializer)
    assert not parameters["b_h"].any()
    assert not parameters["b_o"].any()


def test_one_seed_gives_one_network_in_either_precision() -> None:
    single, double = (rnn.ManyToOne(rnn.Tanh(5), 3, 2, rng=7, dtype=t) for t in (np.float32, np.float64))
    for name in single.parameters:
        np.testing.assert_array_equal(single.parameters[name], double.parameters[name].astype(np.float32))
    again = rnn.ManyToOne(rnn.Tanh(5), 3, 2, rng=np.random.default_rng(7))
    np.testing.assert_array_equal(again.parameters["W_hh"], single.parameters["W_hh"])
    other = rnn.ManyToOne(rnn.Tanh(5), 3, 2, rng=8)
    assert (other.parameters["W_hh"] != single.parameters["W_hh"]).all()


@pytest.mark.parametrize(("low", "high"), [(0.1, -0.1), (0.0, 0.0), (0.0, np.inf), (np.nan, 1.0)])
def test_uniform_refuses_an_impossible_interval(low: float, high: float) -> None:
    with pytest.raises(ValueError, match=r"expected (two finite numbers, low < high|a finite number)"):
        rnn.uniform(low, high)


def test_an_initializer_of_ones_own_is_any_function_of_shape_and_rng() -> None:
    net = rnn.ManyToOne(rnn.Tanh(2), 3, 2, initializer=lambda shape, rng: np.full(shape, 0.5))  # noqa: ARG005
    assert (net.parameters["W_ih"] == 0.5).all()


class Peephole(rnn.Tanh):
    """A cell with a weight of its own beside the usual ones."""

    def shapes(self, n_inputs: int) -> dict[str, tuple[int, ...]]:
        return {**super().shapes(n_inputs), "W_cc": (2 * self.hidden, n_inputs)}


@pytest.mark.parametrize("cell", [Peephole(2), [Peephole(2), rnn.Bidirectional(Peephole(3))]])
def test_any_weight_that_a_cell_has_is_named_in_all_layers_and_directions(cell: Any) -> None:
    def fives(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:  # noqa: ARG001 - every initializer's
        return np.full(shape, 5.0)

    net = rnn.ManyToOne(cell, 3, 2, initializer={"W_cc": fives}, rng=0)
    assert sum(name.startswith("W_cc") for name in net.parameters) == (3 if isinstance(cell, list) else 1)
    for name, W in net.parameters.items():
        assert (W == 5).all() == name.startswith("W_cc"), name


@pytest.mark.parametrize("name", ["W_cc", "W_hh_l1", "b_h", "", 3])
def test_a_weight_that_is_not_there_is_refused_with_the_list_of_those_that_are(name: Any) -> None:
    with pytest.raises(ValueError, match=f"initializer names {name!r}, expected one of W_ih, W_hh, W_ho$"):
        rnn.ManyToOne([rnn.GRU(2), rnn.LSTM(2)], 3, 2, initializer={name: rnn.identity})


@pytest.mark.parametrize("draws", [np.zeros(3), np.full((2, 3), np.nan), np.full((2, 3), "x")])
def test_what_an_initializer_returns_is_checked(draws: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"the initializer returned .* for W_ih, expected finite numbers \(2, 3\)"):
        rnn.ManyToOne(rnn.Tanh(2), 3, 2, initializer=lambda shape, rng: draws)  # noqa: ARG005
